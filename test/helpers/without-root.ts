// Runs a fixture as somebody whom file modes bind: root passes them by. The fixture
// calls `becomeNobody` when everything is loaded and prints one JSON value.

export async function runWithoutRoot(
  fixture: string,
  words: readonly string[],
): Promise<unknown> {
  await using child = Bun.spawn([process.execPath, fixture, ...words], {
    stdin: "ignore",
    stderr: "inherit",
  });
  return await child.stdout.json();
}

export function becomeNobody(): void {
  if (process.getuid?.() === 0) process.setuid?.(65_534);
}
