// Builds dist/phone-opus: one self-contained binary for this platform. Version and
// commit are stamped in; nothing is loaded from the directory it is started in.

import { join } from "node:path";
import { z } from "zod";

const root = import.meta.dir;
const manifest = z
  .object({ version: z.string() })
  .parse(await Bun.file(join(root, "package.json")).json());

const commit = Bun.env["PHONE_OPUS_COMMIT"] ?? readCommit();
const outfile = Bun.env["PHONE_OPUS_OUTFILE"] ?? join(root, "dist/phone-opus");
const version = Bun.env["PHONE_OPUS_VERSION"] ?? manifest.version;

const build = await Bun.build({
  entrypoints: [join(root, "src/main.ts")],
  target: "bun",
  format: "esm",
  minify: true,
  bytecode: true,
  splitting: true,
  define: {
    PHONE_OPUS_BUILD_VERSION: JSON.stringify(version),
    PHONE_OPUS_BUILD_COMMIT: JSON.stringify(commit),
  },
  compile: {
    outfile,
    // A project may be hostile: its .env and bunfig.toml must not reach this binary.
    autoloadDotenv: false,
    autoloadBunfig: false,
    autoloadTsconfig: false,
    autoloadPackageJson: false,
  },
});
for (const message of build.logs) console.error(message);
console.log(`built ${outfile} (phone-opus ${version}, ${commit})`);

/** Short hash of HEAD, with `-dirty` where the checkout differs from it, if git is here. */
function readCommit(): string {
  if (Bun.which("git") === null) return "unknown";
  const git = (...words: string[]) =>
    Bun.spawnSync(["git", ...words], { cwd: root, stderr: "ignore" });
  const head = git("rev-parse", "--short=12", "HEAD");
  if (!head.success) return "unknown";
  const changes = git("status", "--porcelain", "--untracked-files=no");
  const suffix = changes.stdout.length > 0 ? "-dirty" : "";
  return head.stdout.toString().trim() + suffix;
}
