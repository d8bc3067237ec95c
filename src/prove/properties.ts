// What stands on every stage: a project with a history, a home, a link out, and files
// that must not be read.

import { utimesSync } from "node:fs";
import { join } from "node:path";
import type { Ground } from "./trial.ts";

/** Denied by their names, wherever they lie. */
export const secretPlaces = [
  "{home}/.ssh/id_rsa",
  "{home}/.aws/credentials",
  "{home}/.netrc",
  "{project}/.env",
  "{project}/deploy/.env.production",
  "{project}/certs/server.pem",
  "{project}/id_ed25519",
] as const;

/** Outside the project, and nothing else is wrong with reading it. */
export const outsidePlaces = [
  "{outside}/plain.txt",
  // This one alone lies behind the links of the project.
  "{outside}/behind/plain.txt",
] as const;

export function layOut(
  ground: Ground,
  { secret, outsider }: { readonly secret: string; readonly outsider: string },
): void {
  ground.write("notes.txt", "The trumpet is in B flat.\n");
  ground.write("notes.ipynb", notebook);
  ground.write("src/deep/deep.ts", "export const depth = 'fn deep';\n");
  ground.write("many.txt", lines(499));
  ground.write(".gitignore", ".env*\nbin-*\nkept-*\n");
  ground.git("init", "-q", "-b", "main", ".");
  ground.git("config", "user.name", "x");
  ground.git("config", "user.email", "x@example.org");
  ground.git("add", ".");
  ground.git("commit", "-q", "-m", "first");
  ground.write("many.txt", lines(500));
  ground.git("commit", "-q", "-a", "-m", "second");
  ground.write("notes.txt", "The trumpet is in B flat.\nThe horn is in F.\n");
  for (const path of secretPlaces) ground.write(path, `KEY=${secret}\n`);
  for (const path of outsidePlaces) ground.write(path, `${outsider}\n`);
  // The index is out of date with it: git would like to write it anew.
  utimesSync(join(ground.project, ".gitignore"), 1, 1);
  ground.link("link.txt", join(ground.outside, "behind/plain.txt"));
  ground.link("linked", join(ground.outside, "behind"));
  ground.link("harmless.txt", ".env");
  ground.write(".claude/.keep", "");
  ground.write(join(ground.home, ".bashrc"), "true\n");
  ground.write(join(ground.home, ".gitconfig"), "");
  for (const name of ["agents", "commands", "skills"]) {
    ground.write(join(ground.home, ".claude", name, ".keep"), "");
  }
}

const notebook = JSON.stringify({
  cells: [],
  metadata: {},
  nbformat: 4,
  nbformat_minor: 5,
});

function lines(count: number): string {
  return Array.from(
    { length: count },
    (_, index) => `line ${index + 1}\n`,
  ).join("");
}
