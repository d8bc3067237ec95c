// Writes as many records as it is told, of different lengths, under its own name.

import { faultRecord } from "../../src/base/fault.ts";
import { systemClock } from "../../src/sys/clock.ts";
import { createTelemetryLog } from "../../src/telemetry/log.ts";

const [path = "", name = "", count = ""] = process.argv.slice(2);
const log = createTelemetryLog({
  path,
  repoRoot: "/",
  clock: systemClock,
  onFailure: (reason) => {
    throw new Error(reason);
  },
});
for (let index = 0; index < Number(count); index += 1) {
  log.recordToolCompletion({
    requestId: `${name}${index}`,
    toolName: "consult",
    latencyMs: index,
    replayAttempts: 0,
    fault: faultRecord({
      code: "timeout",
      stage: "claude",
      operation: "tools/call:consult",
      detail: name.repeat((index * 37) % 5000),
    }),
  });
}
