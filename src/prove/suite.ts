// All scenarios. The long tables are cut so that several runs share the work.

import { gitWrites } from "./git-writes.ts";
import {
  hostileAddresses,
  hostileCommand,
  hostileExtensions,
  hostileImports,
} from "./hostile-extensions.ts";
import {
  hostileBareRepository,
  hostileRepository,
} from "./hostile-repository.ts";
import { hostileSettings } from "./hostile-settings.ts";
import { needs } from "./needs.ts";
import { programWrites } from "./program-writes.ts";
import { deniedReads, environmentReads, outsideReads } from "./secret-reads.ts";
import { shellWrites } from "./shell-writes.ts";
import { toolWrites } from "./tool-uses.ts";
import type { Scenario } from "./trial.ts";

export const suite: readonly Scenario[] = [
  { name: "the shell writes", trials: shellWrites },
  { name: "programs write", trials: programWrites },
  { name: "git writes", trials: gitWrites },
  {
    name: "tools write",
    trials: toolWrites,
    // Claude Code edits only what it has read.
    triggers: [{ name: "Read", input: { file_path: "{project}/notes.ipynb" } }],
  },
  { name: "reads outside the project", trials: outsideReads },
  { name: "reads of secrets", trials: deniedReads },
  { name: "reads of the key", trials: environmentReads },
  ...hostileSettings,
  hostileExtensions,
  hostileCommand,
  hostileImports,
  ...hostileAddresses,
  hostileRepository,
  hostileBareRepository,
  {
    name: "what a reviewer needs",
    trials: needs,
    plant: (ground) => {
      // More than Claude Code shows its model: it must go on all the same.
      const line = (_: unknown, index: number) => `huge line ${index + 1}\n`;
      ground.write("huge.txt", Array.from({ length: 100_000 }, line).join(""));
    },
  },
];
