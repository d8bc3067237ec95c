// A home, a state directory and an environment of a test's own, on a fake Claude that
// notes each of its starts.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fakeClaude } from "../fake-claude/fake-claude.ts";

export interface Scene extends Disposable {
  readonly home: string;
  readonly stateHome: string;
  readonly environment: Record<string, string>;
  readonly startsFile: string;
}

export function makeScene(extra: Record<string, string> = {}): Scene {
  const home = mkdtempSync(join(tmpdir(), "phone-opus-chaos-"));
  const stateHome = join(home, "state");
  const startsFile = join(home, "starts.jsonl");
  return {
    home,
    stateHome,
    startsFile,
    environment: {
      HOME: home,
      PATH: Bun.env["PATH"] ?? "",
      XDG_STATE_HOME: stateHome,
      PHONE_OPUS_CLAUDE_BIN: fakeClaude("answers-slowly"),
      // The stand-ins note their starts in files; the kernel layer has tests of its own.
      PHONE_OPUS_SANDBOX: "off",
      FAKE_CLAUDE_STARTS: startsFile,
      ...extra,
    },
    [Symbol.dispose]: () => rmSync(home, { recursive: true, force: true }),
  };
}
