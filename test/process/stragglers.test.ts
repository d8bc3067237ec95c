// A process is invisible by its marker while it is in the middle of exec: its
// environment reads as empty then. Killing a run must not overlook it.

import { expect, test } from "bun:test";
import { systemClock } from "../../src/sys/clock.ts";
import { killRun } from "../../src/sys/stop.ts";

const rounds = 150;
/** No process has such a number, hence nobody such a group. */
const nobody = 2 ** 30;

test("a process that was started this very moment is killed with its run", async () => {
  const name = "STRAGGLER_OF_TEST";
  let overlooked = 0;
  for (let round = 0; round < rounds; round += 1) {
    const value = crypto.randomUUID();
    // A daemon: nothing but the marker ties it to the run.
    const daemon = Bun.spawn(["sleep", "300"], {
      env: { PATH: "/usr/local/bin:/usr/bin:/bin", [name]: value },
      stdio: ["ignore", "ignore", "ignore"],
      detached: true,
    });
    await killRun(
      { leader: undefined, group: nobody, marker: `${name}=${value}` },
      systemClock,
    );
    // What is still to be killed now was not killed by the run's end.
    daemon.kill("SIGUSR1");
    if ((await ended(daemon)) !== "SIGKILL") {
      overlooked += 1;
    }
  }
  expect(overlooked).toBe(0);
});

/** The signal that ended it: SIGKILL came first, if it came at all. */
async function ended(child: Bun.Subprocess): Promise<string> {
  await child.exited;
  return String(child.signalCode);
}
