// From what is about to run to what holds it, and the line that says so.

import { describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type ConfinementOptions,
  prepareConfinement,
} from "../../src/sandbox/confinement.ts";
import { policySchema } from "../../src/sandbox/policy.ts";
import type { KernelLayer } from "../../src/sandbox/probe.ts";
import { systemClock } from "../../src/sys/clock.ts";

const newest: KernelLayer = { kind: "landlock", abi: 7 };
const none: KernelLayer = { kind: "none", why: "there is no kernel layer" };

function openPlace() {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "phone-opus-held-")));
  const at = (path: string) => join(root, path);
  for (const name of ["home/.ssh", "project", "state/spool"]) {
    mkdirSync(at(name), { recursive: true });
  }
  writeFileSync(at("project/.env"), "");
  const prepare = (changes: Partial<ConfinementOptions> = {}) =>
    prepareConfinement({
      mode: "auto",
      kernel: newest,
      program: ["/bin/phone-opus"],
      environment: { HTTPS_PROXY: "http://proxy:3128" },
      home: at("home"),
      workingDirectory: at("project"),
      denyRead: undefined,
      stateDirectory: at("state"),
      spoolDirectory: at("state/spool"),
      clock: systemClock,
      ...changes,
    });
  return {
    at,
    prepare,
    held: (changes?: Partial<ConfinementOptions>) => {
      const prepared = prepare(changes);
      if (!prepared.ok) throw new Error(prepared.problem);
      return prepared.confinement;
    },
    policy: () =>
      policySchema.parse(
        JSON.parse(readFileSync(at("state/spool/sandbox.json"), "utf8")),
      ),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}

describe("with Landlock", () => {
  test("only the transcript's directory and a private temporary one are written", () => {
    using place = openPlace();
    const { environment } = place.held();
    const writable = place
      .policy()
      .rules.filter(({ access }) => access === "write" || access === "replace")
      .map(({ path }) => path);
    const name = place.at("project").replaceAll(/[^a-zA-Z0-9]/g, "-");
    expect(writable).toEqual([
      place.at("state/spool/tmp"),
      place.at(`home/.claude/projects/${name}`),
    ]);
    expect(environment).toEqual({
      TMPDIR: place.at("state/spool/tmp"),
      CLAUDE_CODE_TMPDIR: place.at("state/spool/tmp"),
      TMPPREFIX: place.at("state/spool/tmp/zsh"),
    });
    expect(statSync(place.at("state/spool/tmp")).mode & 0o777).toBe(0o700);
    expect(statSync(place.at("state/spool/sandbox.json")).mode & 0o777).toBe(
      0o600,
    );
  });

  test("secrets, devices and all of phone-opus's own state cannot be read", () => {
    using place = openPlace();
    place.held();
    const readable = place
      .policy()
      .rules.filter(({ access }) => access === "read")
      .map(({ path }) => path);
    for (const path of [
      "home/.ssh",
      "project/.env",
      "state",
      "project",
      "home",
    ]) {
      expect(readable).not.toContain(place.at(path));
    }
    expect(readable).not.toContain("/dev");
    expect(readable).not.toContain("/");
    expect(readable).toContain("/usr");
  });

  test("the command goes through the policy, from a neutral directory", () => {
    using place = openPlace();
    expect(place.held().launch(["/bin/claude", "-p"])).toEqual({
      command: [
        "/bin/phone-opus",
        "mcp",
        "confine",
        place.at("state/spool/sandbox.json"),
        "/bin/claude",
        "-p",
      ],
      cwd: "/",
    });
    expect(place.policy().working_directory).toBe(place.at("project"));
    expect(place.policy().connect_ports).toEqual([443, 80, 53, 3128]);
  });

  test("the record says what is in force", () => {
    using place = openPlace();
    const { record } = place.held();
    expect(record).toEqual({
      kind: "landlock",
      detail:
        "nothing can be written but Claude's transcript and a private temporary directory; 3 places cannot be read; TCP goes to ports 443, 80, 53, 3128",
      is_complete: true,
    });
  });

  test("an older kernel's gaps are named", () => {
    using place = openPlace();
    const { record } = place.held({ kernel: { kind: "landlock", abi: 2 } });
    expect(record).toMatchObject({ is_complete: false, holds_files: false });
    expect(record.detail).toContain(
      "not held: files can be cut short, TCP ports",
    );
  });

  test("what Claude logs in with stays readable whatever is denied", () => {
    using place = openPlace();
    mkdirSync(place.at("home/.aws"));
    writeFileSync(place.at("ca.pem"), "");
    place.held({
      denyRead: ["~", "~/.aws", place.at("ca.pem")],
      environment: {
        CLAUDE_CODE_USE_BEDROCK: "1",
        NODE_EXTRA_CA_CERTS: place.at("ca.pem"),
      },
    });
    const readable = place
      .policy()
      .rules.filter(({ access }) => access === "read")
      .map(({ path }) => path);
    for (const path of ["home/.claude", "home/.aws", "ca.pem"]) {
      expect(readable).toContain(place.at(path));
    }
    expect(readable).not.toContain(place.at("home"));
  });

  test("a home that cannot be written is told, not fatal", () => {
    using place = openPlace();
    const home = place.at("project/.env");
    const { record } = place.held({ home });
    expect(record.detail).toContain("no transcript is kept");
  });

  test("a very long working directory gets all of Claude's projects", () => {
    using place = openPlace();
    const long = place.at(`project/${"long/".repeat(60)}`);
    place.held({ workingDirectory: long });
    expect(existsSync(place.at("home/.claude/projects"))).toBe(true);
    expect(place.policy().rules.at(-1)?.path).toBe(
      place.at("home/.claude/projects"),
    );
  });
});

describe("without a kernel layer", () => {
  test("auto does without it and says why; Claude's own rules stay", () => {
    using place = openPlace();
    const held = place.held({ kernel: none });
    expect(held.record).toEqual({
      kind: "none",
      detail: "there is no kernel layer",
      is_complete: false,
    });
    expect(held.denyRules).toContain(`Read(/${place.at("project/.env")})`);
    expect(held.environment).toEqual({});
    expect(held.launch(["/bin/claude"])).toEqual({
      command: ["/bin/claude"],
      cwd: place.at("project"),
    });
    expect(existsSync(place.at("state/spool/sandbox.json"))).toBe(false);
  });

  test("off does without it even where it is", () => {
    using place = openPlace();
    const { record } = place.held({ mode: "off" });
    expect(record).toEqual({
      kind: "none",
      detail: "switched off by PHONE_OPUS_SANDBOX",
      is_complete: true,
    });
  });

  test.each<[KernelLayer, string]>([
    [none, "there is no kernel layer"],
    [{ kind: "landlock", abi: 2 }, "Landlock ABI 2 cannot keep files"],
  ])("required refuses: %p", (kernel, why) => {
    using place = openPlace();
    const prepared = place.prepare({ mode: "required", kernel });
    if (prepared.ok) throw new Error("it was prepared");
    expect(prepared.problem).toContain(why);
    expect(prepared.problem).toContain("PHONE_OPUS_SANDBOX=auto");
    expect(existsSync(place.at("state/spool/tmp"))).toBe(false);
  });
});

test("required is content with a kernel that holds files", () => {
  using place = openPlace();
  expect(place.held({ mode: "required" }).record.kind).toBe("landlock");
});

test("on a Mac the command goes through sandbox-exec with a profile", () => {
  using place = openPlace();
  const held = place.held({ kernel: { kind: "sandbox-exec" } });
  const profile = place.at("state/spool/sandbox.sb");
  expect(held.launch(["/bin/claude"]).command).toEqual([
    "/usr/bin/sandbox-exec",
    "-f",
    profile,
    "/bin/claude",
  ]);
  expect(readFileSync(profile, "utf8")).toContain(
    `(deny file-read-data (subpath "${place.at("project/.env")}"))`,
  );
});
