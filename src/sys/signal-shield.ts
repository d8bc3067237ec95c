// Between two images nobody handles signals, and their default is death: a client that
// ends its server at that moment would leave the runs behind. So they are held back, by
// the system, until the next image can handle them. Bun's own execve lets go of them
// before its time, hence the system's.
//
// Holding back is a thread's own, and Bun has threads that do not: one of them takes
// the signal then, and what Bun notes of it ends with the image. So for that moment the
// handler is alarm(2), which may be called in any thread at any time: the alarm outlives
// the change, and an image that finds one set knows that it has been told to end.

import { ptr } from "bun:ffi";
import { constants } from "node:os";
import type { ReplaceImage } from "./image.ts";
import { loadLibc } from "./libc.ts";
import { endSignals, handledSignals } from "./signals.ts";

/** As the systems number them. */
const [block, unblock] = process.platform === "darwin" ? [1, 2] : [0, 1];
/** At least as large as the system's set of signals, or action at one, is anywhere. */
const structureBytes = 256;
/** For dlsym(3): wherever the name is known. */
const anyLibrary = process.platform === "darwin" ? -2n : 0n;
/** The alarm itself among them: it may ring before the change, and is set anew. */
const markedSignals = [...endSignals, "SIGALRM"] as const;
/** A handler is called with the signal's number, which alarm(2) takes for seconds. */
const longestAlarmS = Math.max(
  ...markedSignals.map((name) => constants.signals[name]),
);

/** Where the system's library cannot be called, the image is replaced all the same. */
export function keepingSignals(replace: ReplaceImage): ReplaceImage {
  return (path, words, environment) => {
    const library = openLibrary();
    const variables = Object.entries(environment);
    const program = text(path);
    const list = pointersTo(words);
    const names = pointersTo(variables.map((pair) => pair.join("=")));
    library?.execve(ptr(program), ptr(list.pointers), ptr(names.pointers));
    // It returned, so it failed. This one says why.
    replace(path, words, environment);
  };
}

export interface SignalShield {
  /** To be followed by a turn of the loop: what came until then is still handled. */
  hold(): void;
  /** What came since then, in this image or in the one before it, is told next turn. */
  release(): void;
}

/** `onEnd` is called when this process was told to end while nobody could hear it. */
export function createSignalShield(onEnd: () => void): SignalShield {
  // Rung by ourselves, or by itself in an image that was slow to start.
  process.on("SIGALRM", onEnd);
  let handlers: Handler[] = [];
  return {
    hold: () => {
      const library = openLibrary();
      if (library === undefined) return;
      mask(library, block);
      handlers = markedSignals.map((name) => replaceHandler(library, name));
    },
    release: () => {
      const library = openLibrary();
      if (library === undefined) return;
      for (const { number, action } of handlers) {
        library.sigaction(number, ptr(action), null);
      }
      handlers = [];
      mask(library, unblock);
      if (takeAlarm(library)) process.kill(process.pid, "SIGALRM");
    },
  };
}

type Library = NonNullable<ReturnType<typeof openLibrary>>;

interface Handler {
  readonly number: number;
  /** What the system was told to do at the signal, in its own form. */
  readonly action: Uint8Array;
}

function replaceHandler(
  library: Library,
  name: (typeof markedSignals)[number],
): Handler {
  const number = constants.signals[name];
  const action = new Uint8Array(structureBytes);
  library.sigaction(number, null, ptr(action));
  const alarm = addressOf("alarm");
  if (alarm !== 0n) library.signal(number, alarm);
  return { number, action };
}

/** Whether an alarm is set, which is so no longer, and is one of ours. */
function takeAlarm(library: Library): boolean {
  const leftS = library.alarm(0);
  if (leftS <= longestAlarmS) return leftS > 0;
  library.alarm(leftS);
  return false;
}

function mask(library: Library, how: number): void {
  const set = new Uint8Array(structureBytes);
  library.sigemptyset(ptr(set));
  for (const name of handledSignals) {
    library.sigaddset(ptr(set), constants.signals[name]);
  }
  library.sigprocmask(how, ptr(set), null);
}

function openLibrary() {
  return loadLibc({
    sigemptyset: { args: ["ptr"], returns: "i32" },
    sigaddset: { args: ["ptr", "i32"], returns: "i32" },
    sigprocmask: { args: ["i32", "ptr", "ptr"], returns: "i32" },
    sigaction: { args: ["i32", "ptr", "ptr"], returns: "i32" },
    signal: { args: ["i32", "u64"], returns: "u64" },
    alarm: { args: ["u32"], returns: "u32" },
    execve: { args: ["ptr", "ptr", "ptr"], returns: "i32" },
  });
}

/** 0 where it is not to be had. */
function addressOf(name: string): bigint {
  const linker = loadLibc({ dlsym: { args: ["i64", "ptr"], returns: "u64" } });
  return linker?.dlsym(anyLibrary, ptr(text(name))) ?? 0n;
}

function text(value: string): Uint8Array {
  return Buffer.from(`${value}\0`);
}

/** `texts` must be kept as long as the pointers are used. */
function pointersTo(values: readonly string[]) {
  const texts = values.map(text);
  const addresses = texts.map((each) => BigInt(ptr(each)));
  return { texts, pointers: new BigUint64Array([...addresses, 0n]) };
}
