// Is told to end at the worst moment, before it becomes the image of its other half, or
// stays what it is. Prints what it was told. Words: next | SIGNAL fails|becomes [slow|late].

import { dlopen } from "bun:ffi";
import { writeSync } from "node:fs";
import { replaceImage } from "../../src/sys/image.ts";
import {
  createSignalShield,
  keepingSignals,
} from "../../src/sys/signal-shield.ts";
import { onEndSignals } from "../../src/sys/signals.ts";

const [signal = "", way, pace] = process.argv.slice(2);
const say = (line: string) => writeSync(1, `${line}\n`);

function settle(word: () => string) {
  shield.release();
  setTimeout(() => {
    say(isTold ? "told to end" : "not told");
    say(word());
    process.exit();
  }, 50);
}

if (pace === "slow") Bun.sleepSync(1500);
let isTold = false;
const tell = () => {
  isTold = true;
};
onEndSignals(tell);
const shield = createSignalShield(tell);
if (signal === "next") {
  settle(() => `alarm ${setAlarm(0) > 0 ? "left" : "none"}`);
} else {
  if (signal === "alarm") setAlarm(60);
  shield.hold();
  setTimeout(() => {
    if (signal.startsWith("SIG")) process.kill(process.pid, signal);
    if (pace === "late") Bun.sleepSync(1500);
    if (way === "fails") return settle(() => "stays");
    const words = [process.execPath, "next", "", pace ?? ""];
    keepingSignals(replaceImage)(process.execPath, words, {});
  });
}

function setAlarm(seconds: number): number {
  const { symbols } = dlopen(
    process.platform === "darwin" ? "libSystem.B.dylib" : "libc.so.6",
    { alarm: { args: ["u32"], returns: "u32" } },
  );
  return symbols.alarm(seconds);
}
