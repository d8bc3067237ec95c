// The whole host inside the test, on memory, a clock and a worker that the test owns.

import { writeFile } from "node:fs/promises";
import { createHost } from "../../src/host/host.ts";
import { statePaths } from "../../src/sys/paths.ts";
import { createFakeClock } from "../helpers/clock.ts";
import type { TempDir } from "../helpers/temp-dir.ts";
import { until } from "../helpers/until.ts";
import { fakeSpawn } from "./fake-worker.ts";
import { memoryOutput } from "./memory-output.ts";
import { initialize } from "./sessions.ts";

export async function startHost(
  place: TempDir,
  environment: Readonly<Record<string, string>> = {},
) {
  const launchPath = place.at("phone-opus");
  await writeFile(launchPath, "the binary");
  const clock = createFakeClock();
  const fake = fakeSpawn();
  const output = memoryOutput();
  const logged: string[] = [];
  const paths = statePaths({ XDG_STATE_HOME: place.path }, place.path);
  const host = createHost({
    program: [launchPath],
    launchPath,
    workingDirectory: place.path,
    environment,
    paths,
    clock,
    spawn: fake.spawn,
    output,
    kernel: { kind: "landlock", abi: 7 },
    onPressure: () => {},
    log: (line) => logged.push(line),
  });
  const send = (message: unknown) =>
    host.receive(Buffer.from(`${JSON.stringify(message)}\n`));
  const answer = async (id: string | number) => {
    const start = `"id":${JSON.stringify(id)}`;
    await until(`request ${id} is answered`, () =>
      output.lines.some((line) => line.includes(start)),
    );
    const line = output.lines.find((each) => each.includes(start)) ?? "";
    const message: unknown = JSON.parse(line);
    return message;
  };
  const call = (id: number, name: string, args: unknown = {}) =>
    send({
      jsonrpc: "2.0",
      id,
      method: "tools/call",
      params: { name, arguments: args },
    });
  send(initialize);
  await answer("init");
  const health = async (id: number) => {
    call(id, "health_snapshot", { render: "json", detail: "full" });
    return answer(id);
  };
  return {
    host,
    clock,
    fake,
    output,
    logged,
    paths,
    launchPath,
    call,
    answer,
    health,
  };
}
