// The few calls of libc that Bun has no door to.

import { dlopen, type FFIFunction, type Library, read } from "bun:ffi";

const libraries = [
  "libc.so.6",
  "libc.musl-x86_64.so.1",
  "libc.musl-aarch64.so.1",
  "libSystem.B.dylib",
  "libc.so",
  // Where glibc before 2.34 keeps dlsym.
  "libdl.so.2",
];

/** Undefined where none of its names is known here, or one of the symbols is not. */
export function loadLibc<T extends Record<string, FFIFunction>>(
  symbols: T,
): Library<T>["symbols"] | undefined {
  for (const library of libraries) {
    try {
      return dlopen(library, symbols).symbols;
    } catch {
      // The next name is another system's.
    }
  }
  return undefined;
}

const noNewPrivileges = 38;
const dropFromBounds = 24;
/** From CAP_SETPCAP on; the ones before are about files alone. */
const firstDropped = 8;
const lastCapability = 40;

/** The handler of a signal that does what the system does by itself. */
export const asUsual = 0n;

export interface Libc {
  /** A system call by its number: the result, or the negative error number. */
  call(number: number, ...words: readonly number[]): number;
  /** 0, or the negative error number. */
  forbidNewPrivileges(): number;
  /**
   * For root, from the next exec on: else it could look into other processes by way of
   * a capability that Landlock does not ask about. Nobody else has any to drop.
   */
  dropCapabilities(): void;
  /** What a signal does from now on; returns what it did. */
  handleSignal(number: number, handler: bigint): bigint;
}

export function openLibc(): Libc | undefined {
  const symbols = loadLibc({
    syscall: { args: ["i64", "i64", "i64", "i64", "i64"], returns: "i64" },
    prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" },
    signal: { args: ["i32", "u64"], returns: "u64" },
    __errno_location: { args: [], returns: "ptr" },
  });
  if (symbols === undefined) return undefined;
  const errno = () => {
    const place = symbols.__errno_location();
    return place === null ? 0 : read.i32(place);
  };
  return {
    call: (number, a = 0, b = 0, c = 0, d = 0) => {
      const result = Number(symbols.syscall(number, a, b, c, d));
      return result < 0 ? -errno() : result;
    },
    forbidNewPrivileges: () => {
      const result = symbols.prctl(noNewPrivileges, 1, 0, 0, 0);
      return result < 0 ? -errno() : result;
    },
    dropCapabilities: () => {
      // The first is the right to drop the others, so it goes last.
      for (let number = lastCapability; number >= firstDropped; number--) {
        symbols.prctl(dropFromBounds, number, 0, 0, 0);
      }
    },
    handleSignal: (number, handler) => symbols.signal(number, handler),
  };
}
