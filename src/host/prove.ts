// `mcp serve --prove`: the candidate's part of a rehearsal. Restores the session of the
// capsule completely and says what it would serve; answers nobody and runs nothing.

import { tmpdir } from "node:os";
import { describeError } from "../base/json.ts";
import { version } from "../base/version.ts";
import type { Clock } from "../sys/clock.ts";
import type { LineOutput } from "../sys/output.ts";
import type { problemSchema, Proof } from "./candidate.ts";
import type { LoadedCapsule } from "./capsule-file.ts";
import { offeredTools, serveMcp } from "./mcp.ts";
import { createSession } from "./session.ts";
import { createSessionTransport } from "./transport.ts";
import type { z } from "zod";

export async function prove(
  loaded: LoadedCapsule,
  clock: Clock,
  maxLineBytes: number,
): Promise<Proof | z.infer<typeof problemSchema>> {
  if (!loaded.ok) return { ready: false, problem: loaded.problem };
  const { capsule } = loaded;
  const transport = createSessionTransport({
    session: createSession(capsule.session),
    observer: { requested: () => {}, answered: () => {}, refused: () => {} },
    output: nowhere,
    clock,
    maxLineBytes,
    onPressure: () => {},
    onDelivered: () => {},
  });
  serveMcp({
    transport,
    dispatch: () => new Promise(() => {}),
    ledger: { path: tmpdir(), consultsDirectory: tmpdir() },
    onToolsListed: () => {},
    onRoots: () => {},
    onError: () => {},
  });
  try {
    await transport.restore(capsule.session);
    return { ready: true, version, tools: offeredTools() };
  } catch (error) {
    return { ready: false, problem: describeError(error) };
  }
}

const nowhere: LineOutput = {
  writeLine: () => Promise.resolve(true),
  flushed: () => Promise.resolve(),
  owed: () => 0,
};
