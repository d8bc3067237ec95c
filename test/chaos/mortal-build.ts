// A build of this very source that passes every rehearsal and dies when it has taken a
// session over.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dir, "../..");

export async function buildMortal(
  directory: string,
  version: string,
  lastWords: string,
): Promise<string> {
  mkdirSync(directory, { recursive: true });
  const entry = join(directory, "entry.ts");
  const outfile = join(directory, "phone-opus");
  writeFileSync(
    entry,
    `const hasTakenOver =
  process.env["PHONE_OPUS_MCP_HOST_STATE"] !== undefined &&
  !process.argv.includes("--prove");
if (hasTakenOver) { ${lastWords} }
await import(${JSON.stringify(join(root, "src/main.ts"))});
`,
  );
  await Bun.build({
    entrypoints: [entry],
    target: "bun",
    format: "esm",
    define: {
      PHONE_OPUS_BUILD_VERSION: JSON.stringify(version),
      PHONE_OPUS_BUILD_COMMIT: JSON.stringify("test"),
    },
    compile: { outfile, autoloadDotenv: false, autoloadBunfig: false },
  });
  return outfile;
}
