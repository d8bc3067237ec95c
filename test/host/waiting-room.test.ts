// Calls that wait for the same thing.

import { expect, test } from "bun:test";
import { createWaitingRoom } from "../../src/host/waiting-room.ts";

const never = () => "aborted";

test("all that wait are released together, each once", async () => {
  const room = createWaitingRoom<string>();
  const { signal } = new AbortController();
  expect(room.isEmpty()).toBe(true);
  const both = [room.enter(signal, never), room.enter(signal, never)];
  expect(room.isEmpty()).toBe(false);
  room.release("here");
  expect(room.isEmpty()).toBe(true);
  expect(await Promise.all(both)).toEqual(["here", "here"]);
  room.release("nobody");
});

test("one that comes later waits for the next", async () => {
  const room = createWaitingRoom<string>();
  const { signal } = new AbortController();
  room.release("first");
  const waiting = room.enter(signal, never);
  expect(room.isEmpty()).toBe(false);
  room.release("second");
  expect(await waiting).toBe("second");
});

test("an abort ends its own wait only", async () => {
  const room = createWaitingRoom<string>();
  const abort = new AbortController();
  const given = room.enter(abort.signal, () => String(abort.signal.reason));
  const kept = room.enter(new AbortController().signal, never);
  abort.abort("enough");
  expect(await given).toBe("enough");
  expect(room.isEmpty()).toBe(false);
  room.release("here");
  expect(await kept).toBe("here");
});

test("the last one that is aborted leaves the room empty", async () => {
  const room = createWaitingRoom<string>();
  const abort = new AbortController();
  const given = room.enter(abort.signal, never);
  abort.abort();
  await given;
  expect(room.isEmpty()).toBe(true);
});

test("one that is aborted already does not enter", async () => {
  const room = createWaitingRoom<string>();
  expect(await room.enter(AbortSignal.abort(), never)).toBe("aborted");
  expect(room.isEmpty()).toBe(true);
});

test("an abort after the release changes nothing", async () => {
  const room = createWaitingRoom<string>();
  const abort = new AbortController();
  const waiting = room.enter(abort.signal, never);
  room.release("here");
  abort.abort();
  expect(await waiting).toBe("here");
});
