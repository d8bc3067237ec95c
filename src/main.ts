// argv to role. The only file that reads the process's own globals and exits. Each
// role is loaded on demand: a server must answer before a client loses patience.

import { homedir } from "node:os";
import { describeError } from "./base/json.ts";
import { continuedClock, systemClock } from "./sys/clock.ts";
import {
  launchPathOf,
  ownFingerprint,
  ownImagePath,
  replaceImage,
} from "./sys/image.ts";
import { readStandardInput } from "./sys/input.ts";
import { standardOutput } from "./sys/output.ts";
import { statePaths } from "./sys/paths.ts";
import { parseSettings, type Settings } from "./sys/settings.ts";
import { onEndSignals, onReloadSignal } from "./sys/signals.ts";

const words = process.argv.slice(2);
const environment = { ...process.env };
const home = environment["HOME"] || homedir();
const log = (line: string) => {
  process.stderr.write(`phone-opus: ${line}\n`);
};

/** Started from source there is a script behind the executable. */
const script = import.meta.path.startsWith("/$bunfs/")
  ? undefined
  : process.argv[1];
const program =
  script === undefined ? [ownImagePath()] : [process.execPath, script];

const [group, role, ...rest] = words;
if (group === "mcp" && role === "serve" && rest.length === 0) await serve();
else if (group === "mcp" && role === "serve" && rest.join() === "--prove") {
  await rehearse();
} else if (group === "mcp" && role === "worker" && rest.length === 2) {
  await work();
} else if (group === "mcp" && role === "runner" && rest.length === 1) {
  await drive();
} else await cli();

async function serve(): Promise<void> {
  const { createHost } = await import("./host/host.ts");
  const { spawnPiped } = await import("./sys/spawn.ts");
  const { holdSignals, keepingSignals, releaseSignals } =
    await import("./sys/signal-shield.ts");
  const { registerHost } = await import("./consult/hosts.ts");
  const { capsuleVariable, reapCapsules, takeOwnCapsule } =
    await import("./host/capsule-file.ts");
  const handoffs = await import("./host/rollback.ts");
  keepAlive();
  const paths = statePaths(environment, home);
  const launchPath =
    script ??
    launchPathOf(
      process.argv0,
      environment["PATH"],
      process.cwd(),
      process.execPath,
    );
  const image = ownFingerprint();
  const capsulePath = environment[capsuleVariable];
  const condemned = handoffs.judgeHandoffs(paths.handoffs);
  if (capsulePath === undefined) {
    handoffs.fallBack({
      condemned,
      image,
      environment,
      launchPath,
      replaceImage,
      log,
    });
  }
  const earlier =
    capsulePath === undefined
      ? undefined
      : takeOwnCapsule(paths.capsules, capsulePath);
  reapCapsules(paths.capsules);
  const clock =
    earlier?.ok === true
      ? continuedClock(systemClock, earlier.capsule.at)
      : systemClock;

  const leave = async () => {
    host.end();
    registration.remove();
    handoffs.confirmHandoff(paths.handoffs, process.pid);
    // What was asked before the end is answered if it takes but a moment: clients
    // kill within 30 ms.
    await new Promise(setImmediate);
    await Promise.race([
      output.flushed(),
      new Promise((resolve) => setTimeout(resolve, 20)),
    ]);
    process.exit(0);
  };
  const output = standardOutput(() => void leave());
  const host = createHost({
    program,
    launchPath,
    workingDirectory: process.cwd(),
    environment: handoffs.withoutHandoff(environment),
    paths,
    clock,
    spawn: spawnPiped,
    output,
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
      script === undefined
        ? {
            replaceImage: keepingSignals(replaceImage),
            ownFingerprint: image,
            ownPath: process.execPath,
            newToken: () => crypto.randomUUID(),
            isInputDrained: () => input.isDrained(),
            // Between two images a signal would be the end of this process.
            onHandoff: (isUnderWay) => {
              if (isUnderWay) {
                registration.remove();
                holdSignals();
              } else {
                releaseSignals();
                registration = registerHost(paths.hosts);
              }
            },
          }
        : undefined,
  });
  onEndSignals(() => void leave());
  onReloadSignal(() => {
    handoffs.pardonAll(paths.handoffs);
    host.reload();
  });
  let registration = registerHost(paths.hosts);
  const input = readStandardInput({
    onBytes: (bytes) => host.receive(bytes),
    onEnd: () => void leave(),
  });
  host.goOn();
  if (capsulePath !== undefined) releaseSignals();
  systemClock.after(handoffs.probationMs, () =>
    handoffs.confirmHandoff(paths.handoffs, process.pid),
  );
}

/** What an incumbent asks of a binary before it becomes it. */
async function rehearse(): Promise<void> {
  const { capsuleVariable, takeParentsCapsule } =
    await import("./host/capsule-file.ts");
  const { prove } = await import("./host/prove.ts");
  const settings = readSettings();
  const path = environment[capsuleVariable];
  if (path === undefined) {
    log("mcp serve --prove is started by a running server only");
    process.exit(2);
  }
  const { capsules } = statePaths(environment, home);
  const loaded = takeParentsCapsule(capsules, path);
  const output = standardOutput(() => {});
  const proof = await prove(loaded, systemClock, settings.maxLineBytes);
  await output.writeLine(JSON.stringify(proof));
  process.exit(proof.ready ? 0 : 1);
}

async function work(): Promise<void> {
  const { createWorker, parseWorkerArguments } =
    await import("./worker/worker.ts");
  const { consultPorts } = await import("./claude/ports.ts");
  const { adoptAbandonedRuns } = await import("./claude/recover.ts");
  const generation = parseWorkerArguments(rest);
  const settings = readSettings();
  if (generation === undefined) {
    log("usage: mcp worker --generation N");
    process.exit(2);
  }
  keepAlive();
  const paths = statePaths(environment, home);
  const consults = consultPorts({
    program,
    environment,
    paths,
    settings,
    clock: systemClock,
    baseDirectory: process.cwd(),
    log,
  });
  const worker = createWorker({
    generation,
    keepsHistory: settings.keepsHistory,
    output: standardOutput(() => {}),
    consults,
  });
  const leave = async () => {
    await worker.end();
    process.exit(0);
  };
  onEndSignals(() => void leave());
  readStandardInput({
    onBytes: (bytes) => worker.receive(bytes),
    onEnd: () => void leave(),
  });
  adoptAbandonedRuns(consults, paths.consults);
}

async function drive(): Promise<void> {
  const { runRunner } = await import("./runner/runner.ts");
  const { consultIdSchema } = await import("./base/ids.ts");
  const { askVersion } = await import("./claude/version.ts");
  const { spawnOnFiles } = await import("./sys/spawn.ts");
  const signalled = new AbortController();
  onEndSignals((name) => signalled.abort(name));
  const consultId = consultIdSchema.safeParse(rest[0]);
  const settings = readSettings();
  if (!consultId.success) {
    log("usage: mcp runner CONSULT_ID");
    process.exit(2);
  }
  const paths = statePaths(environment, home);
  await runRunner({
    consultId: consultId.data,
    ledger: { path: paths.ledger, consultsDirectory: paths.consults },
    orphanGraceMs: settings.orphanGraceMs,
    log,
    signal: signalled.signal,
    claude: {
      clock: systemClock,
      spawn: spawnOnFiles,
      environment,
      home,
      settings,
      paths,
      askVersion,
      log,
    },
  }).catch((error: unknown) => {
    log(`consult ${consultId.data} was not driven: ${describeError(error)}`);
    process.exit(1);
  });
  process.exit(0);
}

function readSettings(): Settings {
  const parsed = parseSettings(environment);
  if (parsed.ok) return parsed.settings;
  log(parsed.problem);
  process.exit(2);
}

async function cli(): Promise<void> {
  const { runCli } = await import("./cli/cli.ts");
  const interrupt = new AbortController();
  let signalCode: number | undefined;
  onEndSignals((name, number) => {
    signalCode = 128 + number;
    interrupt.abort(`Interrupted by ${name}`);
  });
  const output = standardOutput(() => {});
  const code = await runCli({
    words,
    environment,
    home,
    workingDirectory: process.cwd(),
    output,
    stderr: process.stderr,
    program,
    stdinIsTerminal: process.stdin.isTTY,
    readStdin: () => Bun.stdin.bytes(),
    interrupt: interrupt.signal,
  });
  await output.flushed();
  process.exit(signalCode ?? code);
}

/** A defect in one call must not end the session of all the others. */
function keepAlive(): void {
  process.on("uncaughtException", (error) => log(String(error.stack ?? error)));
  process.on("unhandledRejection", (reason) => log(String(reason)));
}
