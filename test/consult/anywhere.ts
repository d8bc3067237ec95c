// Rules for directories that allow every one.

import type { DirectoryRules } from "../../src/consult/request.ts";

export function anywhere(baseDirectory: string): DirectoryRules {
  return { baseDirectory, allowedRoots: undefined };
}
