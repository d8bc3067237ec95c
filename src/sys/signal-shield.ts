// Between two images nobody handles signals, and their default is death: a client that
// ends its server at that moment would leave the runs behind. So they are held back, by
// the system, until the next image can handle them. Bun's own execve lets go of them
// before its time, hence the system's.

import { ptr } from "bun:ffi";
import { constants } from "node:os";
import type { ReplaceImage } from "./image.ts";
import { loadLibc } from "./libc.ts";
import { handledSignals } from "./signals.ts";

/** As the systems number them. */
const [block, unblock] = process.platform === "darwin" ? [1, 2] : [0, 1];
/** At least as large as a set of signals is anywhere. */
const setBytes = 128;

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

/** From some turns before the change on: what came until then is still handled. */
export function holdSignals(): void {
  const library = openLibrary();
  if (library !== undefined) mask(library, block);
}

/** What was held back comes now. */
export function releaseSignals(): void {
  const library = openLibrary();
  if (library !== undefined) mask(library, unblock);
}

type Library = NonNullable<ReturnType<typeof openLibrary>>;

function mask(library: Library, how: number): void {
  const set = new Uint8Array(setBytes);
  library.sigemptyset(ptr(set));
  for (const name of handledSignals) {
    library.sigaddset(ptr(set), constants.signals[name]);
  }
  library.pthread_sigmask(how, ptr(set), null);
}

function openLibrary() {
  return loadLibc({
    sigemptyset: { args: ["ptr"], returns: "i32" },
    sigaddset: { args: ["ptr", "i32"], returns: "i32" },
    pthread_sigmask: { args: ["i32", "ptr", "ptr"], returns: "i32" },
    execve: { args: ["ptr", "ptr", "ptr"], returns: "i32" },
  });
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
