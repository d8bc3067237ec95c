// When nothing lies between the system and us: only then may the image be replaced.

import { expect, test } from "bun:test";
import { join } from "node:path";
import { until } from "../helpers/until.ts";

test("input is drained in a timer while a read is outstanding, and not else", async () => {
  await using child = Bun.spawn(
    [process.execPath, join(import.meta.dir, "drains-input-fixture.ts")],
    { stdin: "pipe", stdout: "pipe", stderr: "inherit" },
  );
  let told = "";
  const reading = (async () => {
    const decoder = new TextDecoder();
    for await (const bytes of child.stdout) told += decoder.decode(bytes);
  })();
  const say = async (text: string, last: string) => {
    await child.stdin.write(text);
    await child.stdin.flush();
    await until(`it tells ${last}`, () => told.includes(last));
  };
  await until("it has begun", () => told.includes("begun"));
  await say("one", "after one");
  await say("hold", "after hold");
  await say("two", "after two");
  await child.stdin.end();
  await reading;
  expect(told.trim().split("\n")).toEqual([
    "begun true",
    "at one false",
    "after one true",
    "at hold false",
    "held false",
    "after hold true",
    "at two false",
    "after two true",
    "ended false",
  ]);
});
