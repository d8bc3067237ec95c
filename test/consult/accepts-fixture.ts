// Asks the scene's question from a process of its own, and says which consult answers.

import { acceptConsult } from "../../src/consult/accept.ts";
import { systemClock } from "../../src/sys/clock.ts";
import { identifyProcess } from "../../src/sys/processes.ts";
import { newId, request } from "./scene.ts";

const [path = "", consultsDirectory = ""] = process.argv.slice(2);
const { consultId } = acceptConsult(
  {
    ledger: { path, consultsDirectory },
    clock: systemClock,
    owner: identifyProcess(process.pid),
    maxRunning: 8,
    maxQueued: 64,
    log: () => {},
  },
  newId(),
  request,
  false,
);
process.stdout.write(consultId);
