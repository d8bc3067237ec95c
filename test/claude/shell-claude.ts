// Programs in place of Claude whose behaviour a single test needs, as shell scripts: a
// shell reads no `.env` and no bunfig.toml of the directory that it runs in.

import { chmodSync, writeFileSync } from "node:fs";

const session = "6a7f4baf-c083-4b9f-b75c-15c78d7675a5";

/** One line that makes an answer of this text. */
export function resultLine(text: string): string {
  return JSON.stringify({
    type: "result",
    subtype: "success",
    is_error: false,
    num_turns: 1,
    duration_ms: 1,
    session_id: session,
    result: text,
  });
}

/**
 * Writes the program to `path`: it answers `--version`, reads its prompt, then runs
 * `script`. Texts in the script must not hold single quotes.
 */
export function shellClaude(path: string, script: string): string {
  writeFileSync(
    path,
    [
      "#!/bin/sh",
      '[ "$1" = --version ] && echo "2.1.329 (Claude Code)" && exit 0',
      "cat >/dev/null",
      script,
      "",
    ].join("\n"),
  );
  chmodSync(path, 0o755);
  return path;
}
