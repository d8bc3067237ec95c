// `mcp serve` as a process: standard streams, signals and image around one host.

import { uptime } from "node:os";
import { isAbsolute } from "node:path";
import { registerHost } from "../consult/hosts.ts";
import { kernelLayer } from "../sandbox/probe.ts";
import { continuedClock, sleep, systemClock } from "../sys/clock.ts";
import { launchPathOf, ownFingerprint, replaceImage } from "../sys/image.ts";
import { readStandardInput } from "../sys/input.ts";
import { standardOutput } from "../sys/output.ts";
import { statePaths } from "../sys/paths.ts";
import type { Environment } from "../sys/settings.ts";
import { createSignalShield, keepingSignals } from "../sys/signal-shield.ts";
import { onEndSignals, onReloadSignal } from "../sys/signals.ts";
import { spawnPiped } from "../sys/spawn.ts";
import {
  capsuleVariable,
  reapCapsules,
  takeOwnCapsule,
} from "./capsule-file.ts";
import { createHost } from "./host.ts";
import {
  confirmHandoff,
  fallBack,
  judgeHandoffs,
  pardonAll,
  probationMs,
  withoutHandoff,
} from "./rollback.ts";

export interface ServeOptions {
  /** How this program is started: the executable, and a script if there is one. */
  readonly program: readonly string[];
  /** Argument zero, and the file that it turned out to be. */
  readonly name: string;
  readonly executable: string;
  readonly environment: Environment;
  readonly home: string;
  readonly workingDirectory: string;
  /** A line for standard error. */
  readonly log: (line: string) => void;
  readonly exit: () => void;
}

/** What was asked just before the end is answered if it takes no longer. */
const farewellMs = 20;

export function serve(options: ServeOptions): void {
  const { program, environment, log, workingDirectory } = options;
  const paths = statePaths(environment, options.home);
  const [, script] = program;
  const image = ownFingerprint();
  const capsulePath = environment[capsuleVariable];
  // The image before was started there, where a next one may be on its way by now.
  const isKnown = capsulePath !== undefined && isAbsolute(options.name);
  const launchPath =
    script ?? (isKnown ? options.name : findLaunchPath(options));
  const condemned = judgeHandoffs(
    paths.handoffs,
    systemClock.unixMs() - uptime() * 1000,
  );
  if (capsulePath === undefined) {
    fallBack({ condemned, image, environment, launchPath, replaceImage, log });
  }
  const earlier =
    capsulePath === undefined
      ? undefined
      : takeOwnCapsule(paths.capsules, capsulePath);
  reapCapsules(paths.capsules);
  const trust = () => confirmHandoff(paths.handoffs, process.pid);

  let isLeaving = false;
  const leave = async () => {
    isLeaving = true;
    host.end();
    registration.remove();
    trust();
    // Clients kill within 30 ms.
    await new Promise(setImmediate);
    await Promise.race([output.flushed(), sleep(systemClock, farewellMs)]);
    options.exit();
  };
  const signals = createSignalShield(() => void leave());
  const output = standardOutput(() => void leave());
  const host = createHost({
    program,
    launchPath,
    workingDirectory,
    environment: withoutHandoff(environment),
    paths,
    clock:
      earlier?.ok === true
        ? continuedClock(systemClock, earlier.capsule.at)
        : systemClock,
    spawn: spawnPiped,
    output,
    kernel: kernelLayer(),
    onPressure: (isHigh) => {
      if (isHigh) return input.hold();
      // What a flood leaves behind is freed before the next part of it is taken:
      // strings pile up faster than the collector by itself thinks worth a look.
      Bun.gc(true);
      input.release();
    },
    log,
    earlier,
    condemned,
    // From source there is no image to become.
    rollout:
      script !== undefined
        ? undefined
        : {
            replaceImage: (...image) => {
              // Throws when our directory is gone: in one like that no image starts.
              process.chdir(".");
              keepingSignals(replaceImage)(...image);
            },
            ownFingerprint: image,
            ownPath: options.executable,
            newToken: () => crypto.randomUUID(),
            isInputDrained: () => input.isDrained(),
            signals,
            onHandoff: (isUnderWay) => {
              if (isUnderWay) registration.remove();
              else if (!isLeaving) registration = registerHost(paths.hosts);
            },
          },
  });
  onEndSignals(() => void leave());
  onReloadSignal(() => {
    pardonAll(paths.handoffs);
    host.reload();
  });
  // The image before held them back for us; what we start must not inherit that.
  if (capsulePath !== undefined) signals.release();
  let registration = registerHost(paths.hosts);
  const input = readStandardInput({
    onBytes: (bytes) => host.receive(bytes),
    onEnd: () => void leave(),
  });
  host.goOn();
  systemClock.after(probationMs, trust);
}

function findLaunchPath(options: ServeOptions): string {
  const { name, environment, workingDirectory, executable } = options;
  return launchPathOf(name, environment["PATH"], workingDirectory, executable);
}
