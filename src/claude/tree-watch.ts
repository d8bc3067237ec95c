// The look at the project before Claude may touch it, kept in the spool so that
// whichever runner ends the run can compare, and the look afterwards.

import { rmSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { z } from "zod";
import { isInside } from "../base/paths.ts";
import { parseJson } from "../base/json.ts";
import type { TreeLook, TreeReceipt } from "../base/receipt.ts";
import type { Spool } from "../consult/spool.ts";
import { replaceFile, resolveLinks } from "../sys/files.ts";
import { gitPartsOutside } from "../sys/git-places.ts";
import type { Environment } from "../sys/settings.ts";
import {
  compareTrees,
  countEntries,
  digestTree,
  lookAtTree,
  type Tree,
} from "../sys/tree.ts";
import type { Clock } from "../sys/clock.ts";

/** Ordinary projects take a few hundredths of a second. */
const maxEntries = 100_000;
const budgetMs = 1000;
const mostNamed = 50;

export interface WatchedTree {
  readonly cwd: string;
  readonly home: string;
  readonly environment: Environment;
  /** Our own state. */
  readonly stateRoot: string;
  readonly clock: Clock;
}

function look(watched: WatchedTree): Promise<Tree | undefined> {
  const { cwd, clock } = watched;
  return lookAtTree({
    root: cwd,
    extra: gitPartsOutside(cwd),
    isExcluded: ownPlaces(watched),
    maxEntries,
    budgetMs,
    clock,
  });
}

/**
 * What every run changes: Claude's state and ours. The paths that are asked about lie in
 * a canonical directory, so these are canonical, too.
 */
function ownPlaces({
  home,
  environment,
  stateRoot,
}: WatchedTree): (path: string) => boolean {
  const configured = environment["CLAUDE_CONFIG_DIR"];
  const user = process.getuid?.() ?? 0;
  const base = resolveLinks(home);
  const directories = new Set(
    [
      stateRoot,
      configured || join(base, ".claude"),
      join(environment["CLAUDE_CODE_TMPDIR"] || tmpdir(), `claude-${user}`),
      join("/tmp", `claude-${user}`),
    ].map(resolveLinks),
  );
  const stateFiles = join(resolveLinks(configured || base), ".claude.json");
  return (path) => directories.has(path) || path.startsWith(stateFiles);
}

/** True when what changes there may well be the user's other programs. */
export function isNoProject({ cwd, home }: WatchedTree): boolean {
  return isInside(resolveLinks(home), cwd);
}

const savedSchema = z.object({
  format: z.literal(1),
  is_complete: z.boolean(),
  listings: z.array(
    z.tuple([z.string(), z.array(z.tuple([z.string(), z.string()]))]),
  ),
});

/** Must have ended before Claude starts. Throws the system error when the disk refuses. */
export async function lookBefore(
  spool: Spool,
  watched: WatchedTree,
): Promise<void> {
  const tree = await look(watched);
  if (tree === undefined) return;
  const saved = {
    format: 1,
    is_complete: tree.isComplete,
    listings: [...tree.listings].map(([path, names]) => [path, [...names]]),
  } satisfies { readonly [K in keyof z.infer<typeof savedSchema>]: unknown };
  replaceFile(
    spool.treePath,
    Bun.zstdCompressSync(JSON.stringify(saved), { level: 1 }),
  );
}

/** Null where there is nothing to compare with. */
export async function lookAfter(
  spool: Spool,
  watched: WatchedTree,
): Promise<TreeReceipt | null> {
  const before = readSaved(spool);
  if (before === undefined) return null;
  const after = await look(watched);
  if (after === undefined) {
    return {
      before: describe(before),
      after: null,
      change_count: 1,
      changes: [{ path: watched.cwd, change: "removed" }],
    };
  }
  const changes = [];
  let count = 0;
  for (const { path, change } of compareTrees(before, after)) {
    count += 1;
    if (changes.length < mostNamed) {
      changes.push({ path: nameIn(watched.cwd, path), change });
    }
  }
  return {
    before: describe(before),
    after: describe(after),
    change_count: count,
    changes,
  };
}

/** Nobody needs it once the outcome is written. */
export function forgetTree(spool: Spool): void {
  rmSync(spool.treePath, { force: true });
}

function readSaved(spool: Spool): Tree | undefined {
  try {
    const bytes = Bun.zstdDecompressSync(readFileSync(spool.treePath));
    const json = parseJson(bytes.toString("utf8"));
    const saved = json.ok ? savedSchema.safeParse(json.value).data : undefined;
    return saved === undefined
      ? undefined
      : {
          isComplete: saved.is_complete,
          listings: new Map(
            saved.listings.map(([path, names]) => [path, new Map(names)]),
          ),
        };
  } catch {
    return undefined;
  }
}

function describe(tree: Tree): TreeLook {
  return {
    digest: digestTree(tree),
    entries: countEntries(tree),
    is_complete: tree.isComplete,
  };
}

function nameIn(cwd: string, path: string): string {
  const name = relative(cwd, path);
  return name.startsWith("../") || dirname(path) === path ? path : name;
}
