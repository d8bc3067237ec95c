// What a run may not read, as the user writes it, and what that means. Pure.
//
//   ~/.ssh, /srv/keys   a place, with all that is below it
//   .env, *.pem         a name, anywhere below the working directory
//   config/*.secret     a path, from the working directory
//   !.env.example       a name or a place that stays readable all the same
//   default             what holds when nothing is set

import { join } from "node:path";

export const defaultDenyPatterns: readonly string[] = [
  "~/.ssh",
  "~/.gnupg",
  "~/.aws",
  "~/.azure",
  "~/.config/gcloud",
  "~/.kube",
  "~/.docker/config.json",
  "~/.netrc",
  "~/.npmrc",
  "~/.pypirc",
  "~/.vault-token",
  "~/.git-credentials",
  "~/.config/git/credentials",
  "~/.config/gh",
  "~/.config/op",
  "~/.password-store",
  "~/.local/share/keyrings",
  "~/.cargo/credentials.toml",
  ".env",
  ".env.*",
  "!.env.example",
  "!.env.sample",
  "!.env.template",
  "!.env.dist",
  ".envrc",
  ".git-credentials",
  ".netrc",
  "id_rsa",
  "id_dsa",
  "id_ecdsa",
  "id_ed25519",
  "*.pem",
  "*.key",
  "*.p12",
  "*.pfx",
  "*.ppk",
  "*.jks",
  "*.keystore",
];

export interface DenyPatterns {
  /** Absolute. */
  readonly places: readonly string[];
  /** Globs, on the name alone or on the path from the working directory. */
  readonly names: readonly string[];
  readonly exceptPlaces: readonly string[];
  readonly exceptNames: readonly string[];
}

export function parseDenyPatterns(
  written: readonly string[] | undefined,
  home: string,
): DenyPatterns {
  const patterns = (written ?? ["default"]).flatMap((pattern) =>
    pattern === "default" ? defaultDenyPatterns : [pattern],
  );
  const isException = (pattern: string) => pattern.startsWith("!");
  const denied = patterns.filter((pattern) => !isException(pattern));
  const excepted = patterns
    .filter(isException)
    .map((pattern) => pattern.slice(1));
  return {
    places: denied.filter(isPlace).map((place) => absolute(place, home)),
    names: denied.filter((pattern) => !isPlace(pattern)).map(withoutEnd),
    exceptPlaces: excepted
      .filter(isPlace)
      .map((place) => absolute(place, home)),
    exceptNames: excepted
      .filter((pattern) => !isPlace(pattern))
      .map(withoutEnd),
  };
}

function isPlace(pattern: string): boolean {
  return /^(\/|~\/|~$)/.test(pattern);
}

function absolute(place: string, home: string): string {
  const path = place.startsWith("~") ? join(home, place.slice(1)) : place;
  return withoutEnd(join("/", path));
}

function withoutEnd(pattern: string): string {
  return pattern.length > 1 ? pattern.replace(/\/+$/, "") : pattern;
}

/** Whether a name pattern means what lies at this path from the working directory. */
export function nameMatcher(
  patterns: DenyPatterns,
): (relativePath: string) => boolean {
  const denied = patterns.names.map(matcherOf);
  const excepted = patterns.exceptNames.map(matcherOf);
  return (path) =>
    denied.some((matches) => matches(path)) &&
    !excepted.some((matches) => matches(path));
}

function matcherOf(pattern: string): (relativePath: string) => boolean {
  const glob = new Bun.Glob(pattern);
  return pattern.includes("/")
    ? (path) => glob.match(path)
    : (path) => glob.match(path.slice(path.lastIndexOf("/") + 1));
}

/**
 * The name patterns that no exception takes anything from: these can be told to Claude
 * as they are, its own rules know no exceptions.
 */
export function plainNames(patterns: DenyPatterns): string[] {
  return patterns.names.filter(
    (pattern) =>
      !patterns.exceptNames.some((exception) => matcherOf(pattern)(exception)),
  );
}
