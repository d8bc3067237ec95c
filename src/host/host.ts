// The host: the stable process that owns the public session. Wires transport, MCP
// face, dispatch, keeper and telemetry together, and ends with its client.

import type { ConsultId, RequestId } from "../base/ids.ts";
import { spoolAt } from "../consult/spool.ts";
import type { KernelLayer } from "../sandbox/probe.ts";
import type { Clock } from "../sys/clock.ts";
import { newConsultId } from "../sys/ids.ts";
import type { LineOutput } from "../sys/output.ts";
import type { StatePaths } from "../sys/paths.ts";
import { identifyProcess } from "../sys/processes.ts";
import {
  definedVariables,
  type Environment,
  parseSettings,
} from "../sys/settings.ts";
import type { SpawnPiped } from "../sys/spawn.ts";
import { createCounters } from "../telemetry/counters.ts";
import { createTelemetryLog } from "../telemetry/log.ts";
import { launchBinary } from "./binary.ts";
import type { Capsule } from "./capsule.ts";
import type { LoadedCapsule } from "./capsule-file.ts";
import { defaultWaitMs } from "./client-limits.ts";
import { createClientRoots } from "./client-roots.ts";
import { createConsultTools } from "./consult-tools.ts";
import { createContinuity, type RolloutPorts } from "./continuity.ts";
import { createDispatch } from "./dispatch.ts";
import { createDownstream } from "./downstream.ts";
import { readHealth } from "./health.ts";
import { createIntake } from "./intake.ts";
import { createInvocations } from "./invocations.ts";
import { offeredTools, serveMcp } from "./mcp.ts";
import { createSessionObserver } from "./observer.ts";
import type { Condemned } from "./rollback.ts";
import type { HostRollout } from "./rollout.ts";
import { createSession } from "./session.ts";
import {
  initialRollout,
  installedImage,
  lostCapsule,
  sessionOf,
  shownTool,
} from "./succession.ts";
import { createTestHooks } from "./test-hooks.ts";
import { createSessionTransport } from "./transport.ts";

export interface HostOptions {
  /** How this program was started: the executable, and a script if there is one. */
  readonly program: readonly string[];
  readonly launchPath: string;
  readonly workingDirectory: string;
  readonly environment: Environment;
  readonly paths: StatePaths;
  readonly clock: Clock;
  readonly spawn: SpawnPiped;
  readonly output: LineOutput;
  readonly kernel: KernelLayer;
  /** Whether to take no more from the client for now. */
  readonly onPressure: (isHigh: boolean) => void;
  /** A line for standard error. */
  readonly log: (line: string) => void;
  /** Undefined: this host serves to its end as the image that it is. */
  readonly rollout?: RolloutPorts | undefined;
  /** The session that an earlier image of this process began. */
  readonly earlier?: LoadedCapsule | undefined;
  /** Binaries that died right after they took over. */
  readonly condemned?: readonly Condemned[];
}

export interface Host {
  /** Takes up what an earlier image left. To be called once, before all else. */
  goOn(): void;
  receive(bytes: Uint8Array): void;
  /** Clears breaker and ejection and lets a new worker take over. */
  reload(): void;
  /** The client is gone. Returns at once; the worker ends what still runs. */
  end(): void;
}

export function createHost(options: HostOptions): Host {
  const { clock, output, log, environment, paths } = options;
  const parsed = parseSettings(environment);
  // A server that does not start is a riddle to its user; one that says on the first
  // consult which variable is wrong is not.
  const configurationProblem = parsed.ok ? undefined : parsed.problem;
  if (configurationProblem !== undefined) log(configurationProblem);
  const settings = parsed.ok ? parsed.settings : defaultSettings();

  const { earlier } = options;
  const capsule = earlier?.ok === true ? earlier.capsule : undefined;
  const binary = launchBinary(
    options.launchPath,
    installedImage(options.rollout?.ownFingerprint, capsule),
  );
  const counters = createCounters(clock, capsule?.telemetry);
  const hooks = createTestHooks(environment, capsule?.spent_hooks);
  // Which answers, once written, are the end of which consults.
  const concluding = new Map<RequestId, ConsultId>();
  let lastClaudeVersion: string | undefined;
  const owner = identifyProcess(process.pid);
  if (owner === undefined) throw new Error("this process cannot see itself");

  const { keeper, circuit, consults } = createDownstream({
    program: options.program,
    environment,
    settings,
    owner,
    consultsDirectory: paths.consults,
    spawn: options.spawn,
    clock,
    counters,
    hooks,
    earlier: capsule,
    log,
  });
  const ledger = { path: paths.ledger, consultsDirectory: paths.consults };
  const invocations = createInvocations({
    newConsultId,
    clock,
    earlier: capsule,
  });
  const session = createSession(sessionOf(earlier));
  let rollout: HostRollout | undefined;

  const clientRoots = createClientRoots({
    baseDirectory: options.workingDirectory,
    isOverruled: settings.allowedRoots !== undefined,
    clock,
  });
  const dispatch = createDispatch({
    consultTools: createConsultTools({
      consults,
      ledger,
      invocations,
      waitMs: ({ clientName }) => settings.waitMs ?? defaultWaitMs(clientName),
      onConcluded: ({ requestId }, consultId) => {
        concluding.set(requestId, consultId);
        lastClaudeVersion =
          spoolAt(paths.consults, consultId).readRun()?.claude_version ??
          lastClaudeVersion;
      },
    }),
    health: () =>
      readHealth({
        counters,
        keeper,
        circuit,
        consults,
        binary,
        clock,
        ledgerPath: paths.ledger,
        claudeVersion: () => lastClaudeVersion,
        rollout: () => rollout?.state(),
        sandboxMode: settings.sandbox,
        configurationProblem,
        kernel: options.kernel,
      }),
    telemetry: () => counters.snapshot(),
    // What was asked before an upgrade was allowed then.
    rootProblem: ({ requestId }, cwd) =>
      invocations.isResumed(requestId)
        ? Promise.resolve(undefined)
        : clientRoots.problemWith(cwd),
    configurationProblem,
  });

  const observer = createSessionObserver({
    counters,
    clock,
    log: createTelemetryLog({
      path: paths.telemetryLog,
      repoRoot: options.workingDirectory,
      clock,
      onFailure: (reason) => log(`telemetry is not recorded: ${reason}`),
    }),
  });
  const transport = createSessionTransport({
    session,
    observer: {
      ...observer,
      requested: (operation) => {
        observer.requested(operation);
        if (hooks.takes("force_rollout", operation)) rollout?.force();
      },
      answered: (request, answer) => {
        observer.answered(request, answer);
        rollout?.glance();
      },
    },
    output,
    clock,
    maxLineBytes: settings.maxLineBytes,
    onPressure: options.onPressure,
    onDelivered: (requestId) => {
      const consultId = concluding.get(requestId);
      concluding.delete(requestId);
      if (consultId !== undefined) keeper.delivered(consultId);
    },
  });
  let shownTools = capsule?.shown_tools ?? null;
  const face = serveMcp({
    transport,
    dispatch,
    ledger,
    onToolsListed: (tools) => {
      shownTools = tools.map(shownTool);
    },
    onRoots: clientRoots.ask,
    onError: (error) => log(error.message),
  });

  const intake = createIntake((bytes) => transport.receive(bytes));
  if (options.rollout !== undefined && settings.rollsOut) {
    rollout = createContinuity({
      ports: options.rollout,
      command: [
        options.launchPath,
        ...options.program.slice(1),
        "mcp",
        "serve",
      ],
      environment: definedVariables(environment),
      host: owner,
      binary,
      keeper,
      output,
      spawn: options.spawn,
      clock,
      limits: { stillMs: settings.rolloutStillMs },
      proveMs: settings.rolloutProveMs,
      initial: initialRollout(options.launchPath, options.condemned ?? []),
      directories: paths,
      content: () => ({
        session: session.state(),
        shown_tools: shownTools,
        calls: invocations.state(),
        followed: consults.followed(),
        telemetry: counters.state(),
        keeper: keeper.state(),
        circuit: circuit.state(),
        spent_hooks: hooks.spent(),
      }),
      rest: () => transport.rest(),
      intake,
      onFault: (fault) => {
        counters.recordFault(fault);
        log(fault.fault.detail);
      },
    });
  }

  const takeUp = (from: Capsule) => {
    counters.recordRollout();
    const opened = transport.restore(from.session);
    transport.receive(from.unread);
    for (const run of from.followed) {
      consults.follow(run.consult_id, run.started_ms);
    }
    const before = JSON.stringify(from.shown_tools);
    void opened.then(() => {
      const isSame = before === JSON.stringify(offeredTools().map(shownTool));
      if (from.shown_tools !== null && !isSame) face.announceTools();
    });
  };

  return {
    goOn: () => {
      if (capsule !== undefined) takeUp(capsule);
      if (earlier?.ok !== false) return;
      counters.recordFault(lostCapsule(earlier.problem));
      log(earlier.problem);
    },
    receive: (bytes) => intake.receive(bytes),
    reload: () => {
      circuit.reload();
      keeper.reload();
      counters.recordReload();
      rollout?.reload();
    },
    end: () => {
      rollout?.end();
      // What came during a handoff is owed an answer, too.
      intake.setQuiet(false);
      consults.end("The client ended the session, and the consult with it.");
      transport.end();
    },
  };
}

function defaultSettings() {
  const parsed = parseSettings({});
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.settings;
}
