// Makes one session outlive its image: what goes into the capsule, what a candidate is
// asked to restore, and the steps of the handoff.

import { type FaultRecord, faultRecord } from "../base/fault.ts";
import type { ProcessIdentity } from "../base/ids.ts";
import { version } from "../base/version.ts";
import type { Rollout, RolloutLimits } from "../supervise/rollout.ts";
import { type Clock, sleep } from "../sys/clock.ts";
import { type Fingerprint, fingerprintFile } from "../sys/fingerprint.ts";
import type { ReplaceImage } from "../sys/image.ts";
import type { LineOutput } from "../sys/output.ts";
import type { StatePaths } from "../sys/paths.ts";
import type { SignalShield } from "../sys/signal-shield.ts";
import type { SpawnPiped } from "../sys/spawn.ts";
import type { LaunchBinary } from "./binary.ts";
import { rehearse, type Rehearsal } from "./candidate.ts";
import type { Capsule } from "./capsule.ts";
import { capsuleVariable, writeCapsule } from "./capsule-file.ts";
import { catalogueBreak } from "./catalogue.ts";
import { handOver } from "./handoff.ts";
import type { Intake } from "./intake.ts";
import type { Keeper } from "./keeper.ts";
import { confirmHandoff, noteHandoff, previousImage } from "./rollback.ts";
import { followsCatalogue } from "./succession.ts";
import { createHostRollout, type HostRollout } from "./rollout.ts";

/** What only the process itself can do or know. */
export interface RolloutPorts {
  readonly replaceImage: ReplaceImage;
  /** The fingerprint and the path of the running image. */
  readonly ownFingerprint: Fingerprint | undefined;
  readonly ownPath: string;
  readonly newToken: () => string;
  readonly isInputDrained: () => boolean;
  readonly signals: SignalShield;
  /** While it is under way nobody may signal this process, and it starts no other. */
  readonly onHandoff: (isUnderWay: boolean) => void;
}

/** The part of a capsule that the session's parts know. */
export type SessionContent = Omit<
  Capsule,
  "purpose" | "version" | "host" | "at" | "fingerprint" | "unread"
>;

export interface ContinuityOptions {
  readonly ports: RolloutPorts;
  /** What starts a host at the launch path; the launch path comes first. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly host: ProcessIdentity;
  readonly binary: LaunchBinary;
  readonly keeper: Keeper;
  readonly output: LineOutput;
  readonly spawn: SpawnPiped;
  readonly clock: Clock;
  readonly limits: RolloutLimits;
  readonly proveMs: number;
  readonly initial: Rollout;
  readonly directories: Pick<StatePaths, "capsules" | "handoffs">;
  readonly content: () => SessionContent;
  /** The bytes that no line was made of yet; undefined: more than can be kept. */
  readonly rest: () => Uint8Array | undefined;
  readonly intake: Intake;
  readonly onFault: (fault: FaultRecord) => void;
}

/** Between two rehearsals of one candidate. */
const longestPauseMs = 30_000;

export function createContinuity(options: ContinuityOptions): HostRollout {
  const { ports, clock, binary, directories, host } = options;
  const ended = new AbortController();

  const capsule = (purpose: Capsule["purpose"]): Capsule => ({
    ...options.content(),
    purpose,
    version,
    host,
    at: { unix_ms: clock.unixMs(), monotonic_ms: clock.monotonicMs() },
    fingerprint: ports.ownFingerprint ?? null,
    unread: Buffer.concat([
      options.rest() ?? new Uint8Array(),
      ...options.intake.kept(),
    ]),
  });

  const write = (purpose: Capsule["purpose"]) =>
    writeCapsule(directories.capsules, ports.newToken(), capsule(purpose));

  const complain = (reason: string, prospect: string) =>
    options.onFault(
      faultRecord({
        code: "rollout_failure",
        stage: "rollout",
        operation: "rollout",
        generation: options.keeper.generation(),
        detail: `The new binary at ${binary.path} ${reason}: version ${version} serves on${prospect}.`,
      }),
    );

  /** Again and again while nothing but circumstances hinder it. */
  const rehearseUnhindered = async (): Promise<Rehearsal> => {
    const candidate = binary.candidate();
    let pauseMs = options.limits.stillMs;
    for (let isFirst = true; ; isFirst = false) {
      const rehearsal = await rehearse({
        command: options.command,
        environment: options.environment,
        spawn: options.spawn,
        clock,
        limitMs: options.proveMs,
        writeCapsule: () => write("prove"),
        signal: ended.signal,
      });
      if (rehearsal.ok || rehearsal.obstacle === undefined) return rehearsal;
      if (isFirst && rehearsal.obstacle === "no capsule") {
        complain(rehearsal.reason, " and tries again");
      }
      await sleep(clock, pauseMs);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
      if (binary.candidate() !== candidate) return rehearsal;
    }
  };

  const prove = async (): Promise<string | undefined> => {
    const rehearsal = await rehearseUnhindered();
    if (!rehearsal.ok) return rehearsal.reason;
    // Only now: it takes a while, and what the client was shown meanwhile counts.
    const { shown_tools: shown, session } = options.content();
    const problem = catalogueBreak(shown ?? [], rehearsal.proof.tools);
    return problem === undefined || followsCatalogue(session)
      ? undefined
      : `would break calls of this session, since ${problem}`;
  };

  const rollout = createHostRollout({
    binary,
    clock,
    limits: options.limits,
    initial: options.initial,
    prove,
    handOver: async (candidate) => {
      const reason = await handOver({
        keeper: options.keeper,
        output: options.output,
        clock,
        signals: ports.signals,
        onQuiet: (isQuiet) => {
          ports.onHandoff(isQuiet);
          options.intake.setQuiet(isQuiet);
        },
        // One that has been told to end must not live on as another.
        isComplete: () =>
          !ended.signal.aborted &&
          ports.isInputDrained() &&
          options.rest() !== undefined,
        writeCapsule: () => {
          noteHandoff(directories.handoffs, {
            host,
            fingerprint: fingerprintFile(binary.path),
            previous: previousImage(ports.ownPath, ports.ownFingerprint),
            at_unix_ms: clock.unixMs(),
          });
          return write("handoff");
        },
        replace: (capsulePath) => {
          // The client may have kept us waiting, and the file may be half a copy now.
          if (binary.candidate() !== candidate) throw new Error("it changed");
          const [path = binary.path] = options.command;
          const environment = {
            ...options.environment,
            [capsuleVariable]: capsulePath,
          };
          ports.replaceImage(path, options.command, environment);
        },
      });
      confirmHandoff(directories.handoffs, host.pid);
      return `could not take over (${reason})`;
    },
    onRefused: (reason) => {
      if (!ended.signal.aborted)
        complain(reason, " until the file changes again");
    },
    onPostponed: (reason) => {
      if (!ended.signal.aborted) complain(reason, " and tries again");
    },
  });
  return {
    ...rollout,
    end: () => {
      rollout.end();
      ended.abort();
    },
  };
}
