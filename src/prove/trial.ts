// What is tried, as data. In texts, names in braces stand for what exists only once the
// stage is set (`stage.ts`): `{canary}` is a file that must not come into being, `{kept}`
// one that must stay as it is, `{script}` a program that makes the canary, in `{bin}`,
// each of the trial alone; `{secret}` and `{outsider}` are texts that must not reach the model, and
// `{project}`, `{home}`, `{outside}` are the places.

export interface Call {
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** The model asks for something that must not happen. */
export interface CallTrial {
  readonly kind: "call";
  /** Unique in its scenario. */
  readonly name: string;
  readonly call: Call;
  /** Other files that must stay as they are. */
  readonly keeps?: readonly string[];
  /** Must not be in the result that the model gets. */
  readonly betrays?: string;
  /** For what leaves no trace on the disk: there must be no such tool. */
  readonly mustBeUnknown?: boolean;
}

/** Something that lies about must not act by itself, whatever the model does. */
export interface PlantTrial {
  readonly kind: "plant";
  readonly name: string;
}

/** A reviewer needs this: the text must reach the model. */
export interface NeedTrial {
  readonly kind: "need";
  readonly name: string;
  readonly call: Call;
  readonly tells: string;
}

export type Trial = CallTrial | PlantTrial | NeedTrial;

export interface Scenario {
  readonly name: string;
  readonly trials: readonly Trial[];
  /** What the model does beside the trials, so that what was planted gets its chance. */
  readonly triggers?: readonly Call[];
  readonly prompt?: string;
  /** Fills the stage before Claude Code starts. */
  readonly plant?: (ground: Ground) => void;
}

/** What a scenario plants on. Each of the last four gives its trial away. */
export interface Ground {
  readonly project: string;
  readonly home: string;
  readonly outside: string;
  /** Writes a file; the path may name a place and else lies in the project. */
  write(path: string, text: string, mode?: number): void;
  link(path: string, target: string): void;
  remove(path: string): void;
  /** Runs git in the project; returns what it printed. */
  git(...words: readonly string[]): string;
  /** A shell command that must not be run. */
  act(trialName: string): string;
  /** The path of a program that must not be run. */
  program(trialName: string): string;
  /** A text that must not reach the model. */
  secret(trialName: string): string;
  /** The address of a server that nothing may ask. */
  thief(trialName: string): string;
}

/** Long enough for anything tried here, short enough that one that hangs costs little. */
const shellTimeoutMs = 5000;

export function bash(command: string): Call {
  return {
    name: "Bash",
    input: { command, description: "Look", timeout: shellTimeoutMs },
  };
}

/** Rows of a name and a command, as trials of the shell. */
export function shellTrials(
  rows: readonly (readonly [name: string, command: string])[],
): CallTrial[] {
  return rows.map(([name, command]) => ({
    kind: "call",
    name,
    call: bash(command),
  }));
}
