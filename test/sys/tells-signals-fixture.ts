// Prints the name and number of each signal that would end it.

import { onEndSignals } from "../../src/sys/signals.ts";

onEndSignals((name, number) => process.stdout.write(`${name} ${number}\n`));
setInterval(() => {}, 60_000);
process.stdout.write("ready\n");
