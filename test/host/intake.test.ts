// What the client sends while the image is about to be replaced.

import { expect, test } from "bun:test";
import { createIntake } from "../../src/host/intake.ts";

const bytes = (text: string) => Buffer.from(text);

function taking() {
  const delivered: string[] = [];
  const intake = createIntake((each) =>
    delivered.push(Buffer.from(each).toString()),
  );
  const kept = () => intake.kept().map((each) => Buffer.from(each).toString());
  return { intake, delivered, kept };
}

test("what comes is passed on at once", () => {
  const { intake, delivered, kept } = taking();
  intake.receive(bytes("one"));
  intake.receive(bytes("two"));
  expect(delivered).toEqual(["one", "two"]);
  expect(kept()).toEqual([]);
});

test("in quiet it is kept, and passed on in its order when that ends", () => {
  const { intake, delivered, kept } = taking();
  intake.receive(bytes("one"));
  intake.setQuiet(true);
  intake.receive(bytes("two"));
  intake.receive(bytes("three"));
  intake.setQuiet(true);
  expect(delivered).toEqual(["one"]);
  expect(kept()).toEqual(["two", "three"]);
  intake.setQuiet(false);
  intake.receive(bytes("four"));
  expect(delivered).toEqual(["one", "two", "three", "four"]);
  expect(kept()).toEqual([]);
  intake.setQuiet(false);
  expect(delivered).toHaveLength(4);
});

test("what is kept is no buffer that is used again", () => {
  const { intake, kept } = taking();
  const buffer = bytes("one");
  intake.setQuiet(true);
  intake.receive(buffer);
  buffer.fill(0x78);
  expect(kept()).toEqual(["one"]);
});

test("what is passed on may start the next quiet", () => {
  const delivered: string[] = [];
  const intake = createIntake((each) => {
    delivered.push(Buffer.from(each).toString());
    intake.setQuiet(true);
  });
  intake.setQuiet(true);
  intake.receive(bytes("one"));
  intake.receive(bytes("two"));
  intake.setQuiet(false);
  // Both were taken out before: neither is passed on twice.
  intake.setQuiet(false);
  expect(delivered).toEqual(["one", "two"]);
});
