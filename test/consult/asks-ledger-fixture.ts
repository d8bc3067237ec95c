// Opens the ledger that it is told, enters that many requests unless they are there,
// and says for each which consult answers it.

import { openLedger } from "../../src/consult/ledger.ts";
import { runRacer } from "./race.ts";
import { record } from "./scene.ts";

const [path = "", consultsDirectory = "", count = "0"] = process.argv.slice(2);
await runRacer(() => {
  const ledger = openLedger({ path, consultsDirectory });
  try {
    return Array.from({ length: Number(count) }, (_, index) => {
      const own = record({ request_digest: `question ${index}` });
      const found = ledger.acceptOrFind(own, {
        answeredSinceUnixMs: 0,
        maxActive: 1000,
        isActive: () => true,
      });
      if (found === "queue_full") throw new Error("the queue is full");
      return (found ?? own).consult_id;
    });
  } finally {
    ledger.close();
  }
});
