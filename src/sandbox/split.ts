// Reading everything but some places, in a language that can only allow: everything
// beside the way to each denied place is allowed, one by one. Pure, but for the listing.

import { dirname, join } from "node:path";
import type { Rule } from "./policy.ts";

export interface SplitOptions {
  /** Real paths. */
  readonly denied: readonly string[];
  readonly list: (
    directory: string,
  ) => readonly { readonly name: string; readonly isLink: boolean }[];
  readonly maxRules: number;
}

export interface Split {
  readonly rules: readonly Rule[];
  /** Those that would have taken too many rules, and can be read. */
  readonly given_up: readonly string[];
}

export function splitReading(options: SplitOptions): Split {
  const { list, maxRules } = options;
  let denied = options.denied;
  const givenUp: string[] = [];
  for (;;) {
    const rules = rulesAround(new Set(denied), list);
    if (rules.length <= maxRules) return { rules, given_up: givenUp };
    // The crowded directories are those of projects, which are deep.
    const deepest = denied.toSorted((a, b) => depth(b) - depth(a))[0];
    if (deepest === undefined) return { rules, given_up: givenUp };
    const crowd = dirname(deepest);
    givenUp.push(...denied.filter((path) => dirname(path) === crowd));
    denied = denied.filter((path) => dirname(path) !== crowd);
  }
}

function rulesAround(
  denied: ReadonlySet<string>,
  list: SplitOptions["list"],
): Rule[] {
  if (denied.has("/")) return [];
  if (denied.size === 0) return [{ path: "/", access: "read" }];
  const above = new Set<string>();
  for (const path of denied) {
    for (let at = dirname(path); !above.has(at); at = dirname(at)) {
      above.add(at);
    }
  }
  // Names may be seen everywhere: Landlock cannot allow it for a directory without
  // allowing it for all below.
  const rules: Rule[] = [{ path: "/", access: "list" }];
  const waiting = ["/"];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    for (const { name, isLink } of list(at)) {
      const path = join(at, name);
      if (denied.has(path)) continue;
      if (above.has(path)) waiting.push(path);
      // What a link leads to has a rule of its own, or none on purpose.
      else if (!isLink) rules.push({ path, access: "read" });
    }
  }
  return rules;
}

function depth(path: string): number {
  return path.split("/").length;
}
