// Waiting for a fact. The bound only turns a hang into a failure that names the fact.

const patienceMs = 20_000;

export async function until(
  what: string,
  fact: () => boolean | Promise<boolean>,
): Promise<void> {
  const start = performance.now();
  while (!(await fact())) {
    if (performance.now() - start > patienceMs) {
      throw new Error(`waited in vain until ${what}`);
    }
    await Bun.sleep(5);
  }
}
