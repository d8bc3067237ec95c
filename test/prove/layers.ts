// The ways of running Claude Code that the suite is played against: each layer alone, both
// together, the reference implementation's command line, and nothing at all.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { prepareConfinement } from "../../src/sandbox/confinement.ts";
import { kernelLayer } from "../../src/sandbox/probe.ts";
import { productSubject, type Subject } from "../../src/prove/subject.ts";
import { systemClock } from "../../src/sys/clock.ts";
import { realClaude } from "../messages-api/claude-code.ts";

export const binary = join(import.meta.dir, "../../dist/phone-opus");
const program = [binary];

const product = (sandbox: string): Subject =>
  productSubject({
    program,
    claudePath: realClaude(),
    environment: { PHONE_OPUS_SANDBOX: sandbox },
  });

export const both: Subject = { ...product("required"), name: "both layers" };
export const switches: Subject = { ...product("off"), name: "switches alone" };

/** Claude Code refuses to bypass permissions as root unless it is told that this is fine. */
const unsafeEnvironment = { IS_SANDBOX: "1", CLAUDE_CODE_MAX_RETRIES: "1" };

/** The flags of the Rust implementation that this project grew from. */
const referenceFlags = [
  "-p",
  "--output-format",
  "json",
  "--strict-mcp-config",
  "--mcp-config",
  JSON.stringify({ mcpServers: {} }),
  "--disable-slash-commands",
  "--no-chrome",
  "--tools",
  "Bash,Read,Grep,Glob,LS,WebFetch,WebSearch",
  "--permission-mode",
  "dontAsk",
];

export const reference: Subject = {
  name: "the reference's flags",
  launch: ({ project }, environment) => ({
    command: [realClaude(), ...referenceFlags],
    cwd: project,
    environment: { ...environment, CLAUDE_CODE_MAX_RETRIES: "1" },
  }),
};

const everything = [
  "-p",
  "--output-format",
  "json",
  "--permission-mode",
  "bypassPermissions",
  "--tools",
  "Bash,Read,Grep,Glob,Write,Edit,NotebookEdit,Agent,Skill,KillShell,CronCreate,EnterWorktree",
];

/** Deliberately unsafe: shows that each attack bites, and that its success is seen. */
export const nothing: Subject = {
  name: "nothing",
  launch: ({ project }, environment) => ({
    command: [realClaude(), ...everything],
    cwd: project,
    environment: { ...environment, ...unsafeEnvironment },
  }),
};

/** The same, and the kernel around it. */
export const kernel: Subject = {
  name: "kernel alone",
  launch: (stage, environment) => {
    const spoolDirectory = join(stage.state, "phone_opus/consults/c_alone");
    mkdirSync(spoolDirectory, { recursive: true, mode: 0o700 });
    const prepared = prepareConfinement({
      mode: "required",
      kernel: kernelLayer(),
      program,
      environment,
      home: stage.home,
      workingDirectory: stage.project,
      denyRead: undefined,
      stateDirectory: join(stage.state, "phone_opus"),
      spoolDirectory,
      clock: systemClock,
    });
    if (!prepared.ok) throw new Error(prepared.problem);
    const { confinement } = prepared;
    return {
      ...confinement.launch([realClaude(), ...everything]),
      environment: {
        ...environment,
        ...unsafeEnvironment,
        ...confinement.environment,
      },
    };
  },
};
