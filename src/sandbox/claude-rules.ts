// What may not be read, in the language of Claude Code's own permissions. Measured with
// 2.1.329: such a rule holds for Read, Grep and Glob, for `cat` and its like in Bash and
// for redirection, each with a name; a recursive grep in Bash reads on, which only the
// kernel stops. Pure.

import { type DenyPatterns, plainNames } from "./deny-patterns.ts";

/** The rules travel in one argument, which Linux bounds at 128 KiB. */
const maxBytes = 48_000;

export function claudeRules(
  patterns: DenyPatterns,
  found: readonly string[],
): string[] {
  const places = [
    ...new Set([...patterns.places, ...found.map(asItStands)]),
  ].flatMap(
    // One slash more than the path has: with a single one it would be relative to the
    // settings.
    (path) => [`Read(/${path})`, `Read(/${path}/**)`],
  );
  const names = plainNames(patterns).map((name) => `Read(**/${name})`);
  let bytes = 0;
  return [...names, ...places].filter((rule) => {
    bytes += Buffer.byteLength(rule) + 3;
    return bytes <= maxBytes;
  });
}

/** A path that was found is no pattern, though a name in it may look like one. */
function asItStands(path: string): string {
  return path.replaceAll(/[\\*?[\]]/g, (character) => `\\${character}`);
}
