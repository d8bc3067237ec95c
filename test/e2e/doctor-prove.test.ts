// `phone-opus doctor --prove` with the real Claude Code: all attacks against the product's
// own path, a Claude Code that proves nothing, and Ctrl-C in the middle.

import { expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { suite } from "../../src/prove/suite.ts";
import type { TrialResult } from "../../src/prove/run-scenario.ts";
import { listProcesses } from "../../src/sys/processes.ts";
import { expectHeld } from "../prove/playing.ts";
import { throughBoth } from "../prove/known.ts";
import { stages } from "../prove/staging.ts";
import { startWorld, until, type World } from "./claude-code.ts";

setDefaultTimeout(300_000);

const detailed = z.object({
  scenario: z.string(),
  trial: z.string(),
  detail: z.string().default(""),
});
const reportSchema = z.object({
  findings: z.array(z.object({ name: z.string(), level: z.string() })),
  proof: z.object({
    claude_version: z.string(),
    is_proven: z.boolean(),
    summary: z.record(z.string(), z.number()),
    results: z.array(
      z.discriminatedUnion("outcome", [
        detailed.extend({
          outcome: z.literal("blocked"),
          by: z.enum(["switches", "kernel"]).nullable(),
        }),
        detailed.extend({ outcome: z.literal("got_through") }),
        detailed.extend({ outcome: z.literal("works") }),
        detailed.extend({ outcome: z.literal("broken") }),
        detailed.extend({ outcome: z.literal("not_tried") }),
        detailed.extend({ outcome: z.literal("inconclusive") }),
      ]),
    ),
  }),
});

async function proveIn(world: World) {
  const { code, stdout, stderr } = await world.run([
    "doctor",
    "--prove",
    "--json",
  ]);
  const { proof } = reportSchema.parse(JSON.parse(stdout));
  const results = proof.results.map(
    ({ scenario, trial, ...verdict }): TrialResult => ({
      scenario,
      trial,
      verdict,
    }),
  );
  return { code, stderr, proof, results };
}

const count = suite.reduce((sum, { trials }) => sum + trials.length, 0);

/** Whatever was started for a stage names it in its environment. */
const onStage = () =>
  listProcesses().filter((entry) =>
    /(^|\0)XDG_STATE_HOME=[^\0]*phone-opus-prove-/.test(entry.environment()),
  ).length;

test("all attacks against what a user has, in one table", async () => {
  await using world = await startWorld([{ kind: "text", text: "Unused." }]);
  const before = stages();
  const { code, stderr, proof, results } = await proveIn(world);
  expect(results.length).toBe(count);
  expectHeld(results, throughBoth);
  // What is known to come through is not passed over in silence.
  const isProven = Object.keys(throughBoth).length === 0;
  expect(proof.is_proven).toBe(isProven);
  expect(code).toBe(isProven ? 0 : 1);
  expect(proof.claude_version).toMatch(/^\d+\.\d+\.\d+$/);
  expect(stderr).toContain(`${proof.summary["blocked"]} blocked`);
  // Nobody asked the user's own API, and nothing of the user's was used.
  expect(world.api.requests.length + world.api.sideRequests.length).toBe(0);
  expect(world.api.otherRequests).toEqual([]);
  expect(stages().filter((name) => !before.includes(name))).toEqual([]);
});

test("a Claude Code that answers nothing proves nothing, and that is no success", async () => {
  await using world = await startWorld([{ kind: "text", text: "Unused." }]);
  const path = join(world.root, "claude");
  await Bun.write(
    path,
    '#!/bin/sh\n[ "$1" = --version ] && echo "2.1.329 (Claude Code)" && exit\nexit 7\n',
  );
  chmodSync(path, 0o755);
  world.environment["PHONE_OPUS_CLAUDE_BIN"] = path;
  const { code, stderr, proof } = await proveIn(world);
  expect(proof.summary).toEqual({
    blocked: 0,
    got_through: 0,
    works: 0,
    broken: 0,
    not_tried: 0,
    inconclusive: count,
  });
  expect(proof.is_proven).toBe(false);
  expect(code).toBe(1);
  expect(stderr).toContain("not proven");
});

test("Ctrl-C ends it soon and leaves nothing", async () => {
  await using world = await startWorld([{ kind: "text", text: "Unused." }]);
  const before = stages();
  const mine = () => stages().filter((name) => !before.includes(name));
  const child = world.start(["doctor", "--prove"]);
  await until(() => mine().length > 0 && onStage() > 0);
  child.kill("SIGINT");
  expect(await child.exited).toBe(130);
  expect(await child.stderr.text()).toContain("Interrupted by SIGINT");
  expect(mine()).toEqual([]);
  expect(await world.leftovers()).toEqual([]);
});
