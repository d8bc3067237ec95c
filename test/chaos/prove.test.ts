// The whole suite against every way of running the real Claude Code. Some minutes: the
// short form is in test/prove/layers.test.ts and test/e2e/doctor-prove.test.ts.

import { expect, setDefaultTimeout, test } from "bun:test";
import {
  throughBoth,
  throughKernel,
  throughReference,
  throughSwitches,
  toothless,
} from "../prove/known.ts";
import { both, kernel, nothing, reference, switches } from "../prove/layers.ts";
import { expectBites, expectHeld, play } from "../prove/playing.ts";

setDefaultTimeout(1_800_000);

const long = test.if(Bun.env["PHONE_OPUS_CHAOS"] === "long");

long("nothing: every attack bites", async () => {
  expectBites(await play(nothing, "all"), toothless);
});

long("the reference's flags", async () => {
  const results = await play(reference, "all");
  const isSecret = (name: string) => name === "reads of secrets";
  // It knows no secrets: whatever lies in the project is told.
  expect(
    results.filter(
      ({ scenario, verdict }) =>
        isSecret(scenario) && verdict.outcome === "got_through",
    ).length,
  ).toBeGreaterThan(30);
  expectHeld(
    results.filter(({ scenario }) => !isSecret(scenario)),
    throughReference,
  );
});

long("the switches alone", async () => {
  expectHeld(await play(switches, "all"), throughSwitches);
});

long("the kernel alone", async () => {
  // The question is a command, whose shell fails; and an API that cannot be reached
  // answers nothing: neither comes to an end that would prove anything.
  expectHeld(await play(kernel, "all"), throughKernel, [
    "hostile address in local settings: another API is asked",
    "hostile address in project settings: another API is asked",
    "hostile address in user settings: another API is asked",
    "hostile command in the question: project command",
    "hostile command in the question: project command's text",
  ]);
});

long("both layers", async () => {
  expectHeld(await play(both, "all"), throughBoth);
});
