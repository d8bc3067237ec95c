// An outcome that cannot be stored, as on a full disk: the runner that comes to store it
// finds all that the first one knew.

import { expect, test } from "bun:test";
import { join } from "node:path";
import { driveRun } from "../../src/claude/run.ts";
import type { Spool } from "../../src/consult/spool.ts";
import { consulting, temporaryDirectory } from "./consulting.ts";
import { resultLine, shellClaude } from "./shell-claude.ts";

test("files that changed are still noticed when the outcome can be stored", async () => {
  using directory = temporaryDirectory();
  const path = shellClaude(
    join(directory.path, "claude"),
    `echo x > made.txt\necho '${resultLine("It is 42.")}'`,
  );
  await using here = consulting({ program: { path } });
  const { id, spool } = here.accepted();
  const full: Spool = {
    ...spool,
    recordOutcome: () => {
      throw new Error("ENOSPC");
    },
  };
  const request = spool.readRequest();
  if (request === undefined) throw new Error("the request is there");
  const first = await driveRun(here.ports, full, {
    consultId: id,
    request,
    signal: new AbortController().signal,
    onProgress: () => {},
  });
  expect(spool.readOutcome()).toBeUndefined();
  const changed = {
    status: "failed",
    fault: {
      fault: { code: "tree_changed" },
      receipt: { tree: { changes: [{ path: "made.txt", change: "added" }] } },
    },
  };
  expect(first).toMatchObject(changed);
  expect(await here.drive(id)).toMatchObject(changed);
  expect(spool.readOutcome()).toMatchObject(changed);
});
