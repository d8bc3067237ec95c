// The roots that a client offered to an earlier image: they hold in the next one until
// the client says otherwise, as they would have in the one before.

import { expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { continuing, initialized, successor } from "./continuing.ts";
import { initialize } from "./sessions.ts";

test("a client that does not name its roots again is held to them", async () => {
  await using here = continuing();
  const [inside, outside] = [here.place.at("inside"), here.place.at("outside")];
  for (const each of [inside, outside]) mkdirSync(each);
  const params = { ...initialize.params, capabilities: { roots: {} } };
  here.send({ ...initialize, params });
  await here.answer("init");
  here.send(initialized);
  await here.drive("it is asked", () =>
    here.output.lines.some((line) => line.includes("roots/list")),
  );
  const uri = pathToFileURL(inside).href;
  here.send({ jsonrpc: "2.0", id: 0, result: { roots: [{ uri }] } });
  await here.swap("another binary");
  await using next = successor(here, await here.capsule());
  next.call(1, "consult", { prompt: "Why?", cwd: outside });
  await next.drive(
    "it is decided",
    () => next.answersTo(1).length + next.workers.workers.length > 0,
  );
  expect(next.answersTo(1).join()).toContain("lies outside the roots");
  expect(next.workers.workers).toEqual([]);
});
