// Each layer alone, and the same attacks against the reference's flags and against nothing
// at all, with the real Claude Code: a few scenarios here, all of them in test/chaos.

import { expect, setDefaultTimeout, test } from "bun:test";
import { kernelLayer } from "../../src/sandbox/probe.ts";
import {
  named,
  throughKernel,
  throughReference,
  throughSwitches,
  toothless,
} from "./known.ts";
import { kernel, nothing, reference, switches } from "./layers.ts";
import { expectBites, expectHeld, play } from "./playing.ts";

setDefaultTimeout(300_000);

test("where nothing stops them, the attacks bite and are seen to", async () => {
  const results = await play(nothing, ["tools write", "hostile repository"]);
  expectBites(results, toothless);
});

test("the reference's flags let hooks, settings and git's programs through", async () => {
  const results = await play(reference, [
    "hostile settings of the project",
    "hostile repository",
  ]);
  expectHeld(results, throughReference);
});

test("Claude Code's switches hold without the kernel", async () => {
  const results = await play(switches, [
    "hostile settings of the user",
    "hostile repository",
  ]);
  expectHeld(results, throughSwitches);
});

test("the kernel holds without the switches: all is allowed, nothing is written", async () => {
  const results = await play(kernel, ["tools write", "hostile repository"]);
  if (kernelLayer().kind === "none") {
    // There it refuses to run at all, which proves nothing and says so.
    expect(named(results, "inconclusive").length).toBe(results.length);
    return;
  }
  expectHeld(results, throughKernel);
});
