// Reading everything but some places, in a language that can only allow: everything
// beside the way to each denied place is allowed, one by one. Pure, but for the listing.

import { dirname, join } from "node:path";
import { isInside } from "../base/paths.ts";
import type { Rule } from "./policy.ts";

export interface SplitOptions {
  /** Real paths. */
  readonly denied: readonly string[];
  /** What is denied in it is given up before what is denied elsewhere. */
  readonly project: string;
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
  const { project, list, maxRules } = options;
  let denied = options.denied;
  const givenUp: string[] = [];
  for (;;) {
    const { rules, counts } = rulesAround(new Set(denied), list);
    if (rules.length <= maxRules) return { rules, given_up: givenUp };
    // A project may be made so that it is crowded: it must not cost what lies elsewhere.
    const mine = [...counts].filter(([path]) => isInside(path, project));
    const [crowd] = (mine.length > 0 ? mine : [...counts]).toSorted(
      ([, a], [, b]) => b - a,
    );
    if (crowd === undefined) return { rules, given_up: givenUp };
    const isCrowded = (path: string) => isInside(path, crowd[0]);
    givenUp.push(...denied.filter(isCrowded));
    denied = denied.filter((path) => !isCrowded(path));
  }
}

interface Around {
  readonly rules: readonly Rule[];
  /** How many of them each directory takes on the way to something denied. */
  readonly counts: ReadonlyMap<string, number>;
}

function rulesAround(
  denied: ReadonlySet<string>,
  list: SplitOptions["list"],
): Around {
  const counts = new Map<string, number>();
  if (denied.has("/")) return { rules: [], counts };
  if (denied.size === 0) {
    return { rules: [{ path: "/", access: "read" }], counts };
  }
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
    const before = rules.length;
    for (const { name, isLink } of list(at)) {
      const path = join(at, name);
      if (denied.has(path)) continue;
      if (above.has(path)) waiting.push(path);
      // What a link leads to has a rule of its own, or none on purpose.
      else if (!isLink) rules.push({ path, access: "read" });
    }
    counts.set(at, rules.length - before);
  }
  return { rules, counts };
}
