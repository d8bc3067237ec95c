// A worker that owes an answer and says nothing: a real process, and a clock that the
// test owns.

import { expect, test } from "bun:test";
import { watchSilence } from "../../src/host/live-worker.ts";
import { createFakeClock } from "../helpers/clock.ts";

function watched() {
  const child = Bun.spawn(["sleep", "600"]);
  const clock = createFakeClock();
  let heard = 0;
  const process = {
    pid: child.pid,
    exited: new Promise<never>(() => {}),
    stdout: new ReadableStream<Uint8Array>(),
    write: () => Promise.resolve(),
    closeStdin: () => {},
  };
  const stop = watchSilence({ process, heard: () => heard }, clock);
  return {
    child,
    clock,
    stop,
    say: () => (heard += 1),
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

test("one that is silent for half a minute is killed", async () => {
  await using worker = watched();
  for (let second = 0; second < 30; second += 5) worker.clock.advance(5000);
  await worker.child.exited;
  expect(worker.child.signalCode).toBe("SIGKILL");
});

test("one that says something now and then is left alone", async () => {
  await using worker = watched();
  for (let second = 0; second < 600; second += 25) {
    for (let look = 0; look < 5; look += 1) worker.clock.advance(5000);
    worker.say();
  }
  process.kill(worker.child.pid, "SIGTERM");
  await worker.child.exited;
  expect(worker.child.signalCode).toBe("SIGTERM");
});

test("one that has answered is watched no more", async () => {
  await using worker = watched();
  worker.stop();
  expect(worker.clock.pending()).toBe(0);
});
