// install.sh from a checkout: a directory for each build, a link that always leads to a
// whole one, and the build before it kept.

import { expect, test } from "bun:test";
import {
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { tempDir, type TempDir } from "../helpers/temp-dir.ts";

const root = join(import.meta.dir, "../..");

function checkout(place: TempDir) {
  for (const name of [
    "install.sh",
    "build.ts",
    "package.json",
    "tsconfig.json",
    "package-lock.json",
    "src",
  ]) {
    cpSync(join(root, name), place.at(`checkout/${name}`), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), place.at("checkout/node_modules"));
  mkdirSync(place.at("home"));
  const link = place.at("home/.local/bin/phone-opus");
  const versions = place.at("home/.local/share/phone-opus/versions");
  const tryToInstall = (version: string) =>
    Bun.spawnSync(["sh", place.at("checkout/install.sh")], {
      env: {
        PATH: Bun.env["PATH"] ?? "",
        HOME: place.at("home"),
        PHONE_OPUS_VERSION: version,
      },
      stdin: "ignore",
    });
  return {
    link,
    versions,
    kept: () => readdirSync(versions),
    tryToInstall,
    install: (version: string) => {
      const done = tryToInstall(version);
      expect(done.stderr.toString()).toContain(`phone-opus ${version}`);
      expect(done.exitCode).toBe(0);
    },
    /** From now on a build is this shell script. */
    buildScript: (lines: string) =>
      writeFileSync(
        place.at("checkout/build.ts"),
        `const script = "#!/bin/sh\\n" + ${JSON.stringify(lines)} + "\\necho phone-opus " + Bun.env.PHONE_OPUS_VERSION;
await Bun.write("dist/phone-opus", script);
await Bun.$\`chmod 755 dist/phone-opus\`;`,
      ),
    installedVersion: () =>
      Bun.spawnSync([link, "--version"]).stdout.toString().split(" ")[1],
  };
}

test("each build gets a directory, the link leads to the newest, three are kept", async () => {
  await using place = tempDir();
  const { install, installedVersion, kept, link } = checkout(place);
  install("1.0.1");
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(installedVersion()).toBe("1.0.1");
  const first = readlinkSync(link);
  install("1.0.2");
  expect(installedVersion()).toBe("1.0.2");
  expect(Bun.spawnSync([first, "--version"]).stdout.toString()).toContain(
    "1.0.1",
  );
  install("1.0.3");
  install("1.0.4");
  expect(installedVersion()).toBe("1.0.4");
  expect(
    kept()
      .map((name) => name.split("-")[0] ?? "")
      .toSorted(),
  ).toEqual(["1.0.2", "1.0.3", "1.0.4"]);
  expect(readdirSync(place.at("home/.local/bin"))).toEqual(["phone-opus"]);
});

test("a plain file of an older installation is replaced by the link", async () => {
  await using place = tempDir();
  const { install, installedVersion, link } = checkout(place);
  mkdirSync(place.at("home/.local/bin"), { recursive: true });
  writeFileSync(link, "an older binary");
  install("1.0.1");
  expect(installedVersion()).toBe("1.0.1");
});

test("a clock that was set back does not cost the build just installed", async () => {
  await using place = tempDir();
  const { buildScript, install, installedVersion, kept, versions } =
    checkout(place);
  buildScript("");
  for (const version of ["1.0.1", "1.0.2", "1.0.3"]) install(version);
  const tomorrow = new Date(Date.now() + 86_400_000);
  for (const name of kept()) {
    utimesSync(join(versions, name), tomorrow, tomorrow);
  }
  install("1.0.4");
  expect(installedVersion()?.trim()).toBe("1.0.4");
  expect(kept()).toHaveLength(3);
});

test("installations that fail cost no build that is kept", async () => {
  await using place = tempDir();
  const { buildScript, install, tryToInstall, kept } = checkout(place);
  buildScript("");
  install("1.0.1");
  const before = kept();
  // It runs where it was built, and not where it is to be installed.
  buildScript("case $0 in */versions/*) exit 1 ;; esac");
  for (const version of ["1.0.2", "1.0.3", "1.0.4"]) {
    expect(tryToInstall(version).exitCode).toBe(1);
  }
  expect(kept()).toEqual(before);
  buildScript("");
  install("1.0.5");
  expect(kept().filter((name) => before.includes(name))).toEqual(before);
});

test("without git it is built all the same", async () => {
  await using place = tempDir();
  const { link } = checkout(place);
  // What install.sh and npm need, and no git.
  mkdirSync(place.at("programs"));
  for (const name of "sh dirname cmp sed cksum tr mkdir rm cp chmod mv ln touch ls tail".split(
    " ",
  )) {
    symlinkSync(Bun.which(name) ?? "missing", place.at("programs", name));
  }
  const done = Bun.spawnSync(["sh", place.at("checkout/install.sh")], {
    env: { PATH: place.at("programs"), HOME: place.at("home") },
    stdin: "ignore",
  });
  expect(done.stderr.toString()).not.toContain("error");
  expect(done.exitCode).toBe(0);
  expect(Bun.spawnSync([link, "--version"]).stdout.toString()).toEndWith(
    " (unknown)\n",
  );
});

test("a data directory that is no absolute path is ignored", async () => {
  await using place = tempDir();
  const { kept, link } = checkout(place);
  const done = Bun.spawnSync(["sh", place.at("checkout/install.sh")], {
    cwd: place.path,
    env: {
      PATH: Bun.env["PATH"] ?? "",
      HOME: place.at("home"),
      XDG_DATA_HOME: "data",
    },
    stdin: "ignore",
  });
  expect(done.exitCode).toBe(0);
  expect(kept().length).toBe(1);
  expect(Bun.spawnSync([link, "--version"]).exitCode).toBe(0);
});
