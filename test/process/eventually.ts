// Waiting for a value, where test/helpers/until.ts waits for a fact.

import { until } from "../helpers/until.ts";

/** What `read` gives as soon as it is something. */
export async function eventually<T>(
  what: string,
  read: () => T | undefined,
): Promise<T> {
  let value = read();
  await until(what, () => {
    value = read();
    return value !== undefined;
  });
  if (value === undefined) throw new Error(`waited in vain until ${what}`);
  return value;
}
