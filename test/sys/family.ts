// What a leader starts in the fixtures of this folder: one process for each way in
// which a process can belong to a run.

/** Pids by kind. Each lives five minutes at most. */
export async function startFamily() {
  const child = Bun.spawn(["sleep", "300"], {
    stdio: ["ignore", "ignore", "ignore"],
  });
  const grandchild = shell(
    // The shell leads a session of its own and waits, as Claude's Bash tool does.
    "sleep 300 & echo $!; wait",
  );
  const daemon = shell(
    // The shell is gone at once: its child has no parent and no leader any more.
    "sleep 300 >/dev/null 2>&1 & echo $!",
  );
  const grandchildPid = await firstNumber(grandchild.stdout);
  const daemonPid = await firstNumber(daemon.stdout);
  await daemon.exited;
  for (const process of [child, grandchild, daemon]) process.unref();
  return {
    child: child.pid,
    session: grandchild.pid,
    grandchild: grandchildPid,
    daemon: daemonPid,
  };
}

function shell(script: string) {
  return Bun.spawn(["sh", "-c", script], {
    stdin: "ignore",
    stderr: "ignore",
    detached: true,
  });
}

async function firstNumber(output: ReadableStream<Uint8Array>) {
  for await (const bytes of output)
    return Number(Buffer.from(bytes).toString());
  throw new Error("the shell said nothing");
}
