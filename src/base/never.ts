// What to do with a case that the types say cannot happen.

/** Makes a switch exhaustive where it returns nothing. */
export function assertNever(value: never): never {
  throw new Error(`unreachable case: ${JSON.stringify(value)}`);
}
