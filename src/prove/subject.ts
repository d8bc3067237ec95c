// What is put to the proof: a way of running Claude Code with a prompt on standard
// input, in the stage's project and with nothing of the real user's.

import type { Environment } from "../sys/settings.ts";
import type { Stage } from "./stage.ts";

export interface Subject {
  readonly name: string;
  /** From a stage and the environment that belongs to it. */
  readonly launch: (
    stage: Stage,
    environment: Readonly<Record<string, string>>,
  ) => SubjectLaunch;
}

export interface SubjectLaunch {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface ProductOptions {
  /** How this program is started. */
  readonly program: readonly string[];
  readonly claudePath: string;
  /** The user's own; of it only what decides on the layers is taken. */
  readonly environment: Environment;
}

const layerSettings = ["PHONE_OPUS_SANDBOX", "PHONE_OPUS_DENY_READ"] as const;

/** The product's own path, as its user would go it. */
export function productSubject(options: ProductOptions): Subject {
  const layers = Object.fromEntries(
    layerSettings.flatMap((name) => {
      const value = options.environment[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
  return {
    name: "phone-opus",
    launch: (stage, environment) => ({
      command: [...options.program, "consult", "--quiet", "-"],
      cwd: stage.project,
      environment: {
        ...environment,
        ...layers,
        PHONE_OPUS_CLAUDE_BIN: options.claudePath,
        PHONE_OPUS_CLAUDE_MAX_RETRIES: "1",
      },
    }),
  };
}

/** No key is needed where nobody checks it; this one must not be told, either. */
export const scriptedKey = "sk-ant-api03-scripted-by-phone-opus-doctor";

export function stageEnvironment(
  stage: Stage,
  apiUrl: string,
  inherited: Environment,
): Record<string, string> {
  const nowhere = "http://127.0.0.1:9";
  return {
    HOME: stage.home,
    // Claude Code may be a script that needs its interpreter.
    PATH: inherited["PATH"] ?? "/usr/local/bin:/usr/bin:/bin",
    LANG: "C.UTF-8",
    XDG_STATE_HOME: stage.state,
    ANTHROPIC_BASE_URL: apiUrl,
    ANTHROPIC_API_KEY: scriptedKey,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    DISABLE_AUTOUPDATER: "1",
    HTTP_PROXY: nowhere,
    HTTPS_PROXY: nowhere,
    NO_PROXY: "127.0.0.1,localhost",
  };
}

/** By this the processes of a stage are found. */
export function stageMarker(stage: Stage): string {
  return `XDG_STATE_HOME=${stage.state}`;
}
