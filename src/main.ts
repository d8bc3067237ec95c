// argv to role. The only file that reads the process's own globals and exits. Each
// role is loaded on demand: a server must answer before a client loses patience.

import { homedir } from "node:os";
import { describeError, errorCode } from "./base/json.ts";
import { systemClock } from "./sys/clock.ts";
import { launchPathOf, ownImagePath } from "./sys/image.ts";
import { readStandardInput, readWholeInput } from "./sys/input.ts";
import { standardOutput } from "./sys/output.ts";
import { statePaths } from "./sys/paths.ts";
import { parseSettings, type Settings } from "./sys/settings.ts";
import { endSignalsOfCommand, onEndSignals } from "./sys/signals.ts";

const words = process.argv.slice(2);
const environment = { ...process.env };
const log = (line: string) => {
  process.stderr.write(`phone-opus: ${line}\n`);
};
const home = environment["HOME"] || homeOfUser();

/** Started from source there is a script behind the executable. */
const program =
  import.meta.path.startsWith("/$bunfs/") || !process.argv[1]
    ? [ownImagePath()]
    : [process.execPath, process.argv[1]];

/** Enough to tell the size of a prompt that is too long, and no more. */
const maxInputBytes = 32_000_000;

const [group, role, ...rest] = words;
if (group === "mcp" && role === "serve" && rest.length === 0) await serve();
else if (group === "mcp" && role === "serve" && rest.join() === "--prove") {
  await rehearse();
} else if (group === "mcp" && role === "worker" && rest.length === 2) {
  await work();
} else if (group === "mcp" && role === "runner" && rest.length === 1) {
  await drive();
} else if (group === "mcp" && role === "confine") {
  await confineAndBecome();
} else await cli();

/** A user without an entry, as containers have them, has none. */
function homeOfUser(): string {
  try {
    return homedir();
  } catch {
    log("HOME is not set, and this user has no home directory: set HOME");
    process.exit(2);
  }
}

async function serve(): Promise<void> {
  const host = await import("./host/serve.ts");
  keepAlive();
  host.serve({
    program,
    name: process.argv0,
    executable: process.execPath,
    environment,
    home,
    workingDirectory: process.cwd(),
    log,
    exit: () => process.exit(0),
  });
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
    onPressure: (isHigh) => (isHigh ? input.hold() : input.release()),
    consults,
  });
  const leave = async () => {
    await worker.end();
    process.exit(0);
  };
  onEndSignals(() => void leave());
  const input = readStandardInput({
    onBytes: (bytes) => worker.receive(bytes),
    onEnd: () => void leave(),
  });
  adoptAbandonedRuns(consults, paths.consults);
}

async function drive(): Promise<void> {
  const { runRunner } = await import("./runner/runner.ts");
  const { consultIdSchema } = await import("./base/ids.ts");
  const { askVersion } = await import("./claude/version.ts");
  const { renewByStatus } = await import("./claude/login.ts");
  const { spawnOnFiles } = await import("./sys/spawn.ts");
  const { capture } = await import("./sys/capture.ts");
  const { kernelLayer } = await import("./sandbox/probe.ts");
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
      capture,
      renewLogin: renewByStatus,
      program,
      kernel: kernelLayer(),
      log,
    },
  }).catch((error: unknown) => {
    log(`consult ${consultId.data} was not driven: ${describeError(error)}`);
    process.exit(1);
  });
  process.exit(0);
}

async function confineAndBecome(): Promise<void> {
  const { confine } = await import("./sandbox/confine.ts");
  const { confineFailedCode } = await import("./sandbox/confine-failure.ts");
  const { execute } = await import("./sys/execute.ts");
  const [policyPath = "", ...command] = rest;
  const problem = confine({ policyPath, command, environment, execute });
  process.stderr.write(`${problem}\n`);
  process.exit(confineFailedCode);
}

/** With its links: one leads to the newest version for ever, its end does not. */
function ownLaunchPath(): string {
  const { argv0, execPath } = process;
  return launchPathOf(argv0, environment["PATH"], process.cwd(), execPath);
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
  }, endSignalsOfCommand());
  let broken: unknown;
  const output = standardOutput((error) => {
    broken = error;
  });
  const code = await runCli({
    words,
    environment,
    home,
    workingDirectory: process.cwd(),
    output,
    stderr: process.stderr,
    program,
    installedPath: program[1] ?? ownLaunchPath(),
    stdinIsTerminal: process.stdin.isTTY,
    readStdin: () => readWholeInput(maxInputBytes),
    interrupt: interrupt.signal,
  });
  await output.flushed();
  // A reader that leaves has what it wanted; a full disk has not.
  const isCutShort = broken !== undefined && errorCode(broken) !== "EPIPE";
  if (isCutShort) {
    log(
      `standard output took no more (${describeError(broken)}): answers are kept, see phone-opus history`,
    );
  }
  process.exit(signalCode ?? (code === 0 && isCutShort ? 1 : code));
}

/** A defect in one call must not end the session of all the others. */
function keepAlive(): void {
  process.on("uncaughtException", (error) => log(String(error.stack ?? error)));
  process.on("unhandledRejection", (reason) => log(String(reason)));
}
