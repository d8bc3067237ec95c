// How long to wait before the next attempt: 100 ms, doubling, at most 5 s. Pure.

const firstMs = 100;
const mostMs = 5000;

/** `attempts` failed ones in a row, at least one. */
export function backoffMs(attempts: number): number {
  return Math.min(mostMs, firstMs * 2 ** (attempts - 1));
}
