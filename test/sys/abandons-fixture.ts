// A leader that ends by itself and leaves its whole family behind.

import { startFamily } from "./family.ts";

process.stdout.write(`${JSON.stringify(await startFamily())}\n`);
