// The login of a confined run is renewed from outside, when it is due and not otherwise.

import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  keepLogin,
  type LoginOptions,
  renewByStatus,
  renewLoginIfDue,
} from "../../src/claude/login.ts";
import { temporaryDirectory, until } from "./consulting.ts";
import { createFakeClock } from "../helpers/clock.ts";

const minute = 60_000;

function opened(expiresInMs: number, changes: Partial<LoginOptions> = {}) {
  const directory = temporaryDirectory();
  const clock = createFakeClock();
  const renewals: string[] = [];
  const credentials = join(directory.path, ".claude", ".credentials.json");
  const login = (endsInMs: number) =>
    JSON.stringify({
      claudeAiOauth: {
        expiresAt: clock.unixMs() + endsInMs,
        refreshToken: "sk-ant-ort01-test",
      },
    });
  mkdirSync(join(directory.path, ".claude"));
  writeFileSync(credentials, login(expiresInMs));
  const options: LoginOptions = {
    claudePath: "/bin/claude",
    claudeVersion: "2.1.329",
    environment: {},
    home: directory.path,
    clock,
    renew: async (path) => {
      renewals.push(path);
      writeFileSync(credentials, login(480 * minute));
    },
    ...changes,
  };
  return {
    options,
    clock,
    renewals,
    credentials,
    [Symbol.dispose]: directory[Symbol.dispose],
  };
}

describe("before a run", () => {
  test.each([
    ["that is over", -minute, 1],
    ["that ends in three minutes", 3 * minute, 1],
    ["that ends in an hour", 60 * minute, 0],
  ])("a login %s", async (_name, endsInMs, count) => {
    using here = opened(endsInMs);
    await renewLoginIfDue(here.options);
    expect(here.renewals.length).toBe(count);
  });

  test.each<[string, Partial<LoginOptions>]>([
    ["an API key is used", { environment: { ANTHROPIC_API_KEY: "k" } }],
    ["a token is given", { environment: { CLAUDE_CODE_OAUTH_TOKEN: "t" } }],
    ["Claude might take it for a prompt", { claudeVersion: "2.1.100" }],
    ["there is no login in a file", { home: "/nonexistent" }],
  ])("nothing is renewed where %s", async (_name, changes) => {
    using here = opened(-minute, changes);
    await renewLoginIfDue(here.options);
    expect(here.renewals).toEqual([]);
  });

  test.each(["", "{", "null", '{"claudeAiOauth":{"expiresAt":"soon"}}'])(
    "nor where the file holds %p",
    async (text) => {
      using here = opened(-minute);
      writeFileSync(here.credentials, text);
      await renewLoginIfDue(here.options);
      expect(here.renewals).toEqual([]);
    },
  );

  test("a renewal that fails is left to Claude to tell", async () => {
    using here = opened(-minute, {
      renew: () => Promise.reject(new Error("no network")),
    });
    expect(await renewLoginIfDue(here.options)).toBe(undefined);
  });
});

describe("during a run", () => {
  test("it is renewed four minutes before its end, once", async () => {
    using here = opened(10 * minute);
    const over = new AbortController();
    const kept = keepLogin(here.options, over.signal);
    here.clock.advance(5 * minute);
    await Bun.sleep(0);
    expect(here.renewals).toEqual([]);
    here.clock.advance(minute);
    await until("it is renewed", () => here.renewals.length === 1);
    here.clock.advance(60 * minute);
    await Bun.sleep(0);
    expect(here.renewals.length).toBe(1);
    over.abort();
    await kept;
  });

  test("what another process renewed is not renewed again", async () => {
    using here = opened(10 * minute);
    const over = new AbortController();
    const kept = keepLogin(here.options, over.signal);
    await here.options.renew("another", {});
    here.clock.advance(7 * minute);
    await Bun.sleep(0);
    expect(here.renewals).toEqual(["another"]);
    over.abort();
    await kept;
  });

  test("it ends with the run", async () => {
    using here = opened(10 * minute);
    const over = new AbortController();
    const kept = keepLogin(here.options, over.signal);
    over.abort();
    await kept;
    expect(here.renewals).toEqual([]);
  });
});

test("Claude is asked for its login's status, from where no project can steer it", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "claude");
  const note = join(directory.path, "note");
  writeFileSync(path, `#!/bin/sh\necho "$* $PWD $NAME" > ${note}\nexit 1\n`);
  chmodSync(path, 0o755);
  await renewByStatus(path, { PATH: "/usr/bin:/bin", NAME: "value" });
  expect(readFileSync(note, "utf8")).toBe("auth status / value\n");
});
