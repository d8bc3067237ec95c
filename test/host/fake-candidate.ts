// A candidate that the test plays, behind the port by which it is started.

import { existsSync } from "node:fs";
import type {
  Exit,
  PipedProcessRequest,
  SpawnPiped,
} from "../../src/sys/spawn.ts";
import { eventually } from "../process/eventually.ts";

export interface FakeCandidate {
  readonly request: PipedProcessRequest;
  /** Whether its capsule lay there when it was started. */
  readonly hadCapsule: boolean;
  print(text: string): void;
  end(exit?: Partial<Exit>): void;
}

/** No process has such a number: it may be killed in vain. */
const nobody = 2 ** 30;

export function fakeCandidates() {
  const started: FakeCandidate[] = [];
  const spawn: SpawnPiped = (request) => {
    const exited = Promise.withResolvers<Exit>();
    const stdout = new TransformStream<Uint8Array, Uint8Array>();
    const writer = stdout.writable.getWriter();
    const capsule = request.environment["PHONE_OPUS_MCP_HOST_STATE"] ?? "";
    started.push({
      request,
      hadCapsule: existsSync(capsule),
      print: (text) => {
        writer.write(Buffer.from(text)).catch(() => {});
      },
      end: (exit) => {
        writer.close().catch(() => {});
        exited.resolve({ code: 0, signal: undefined, ...exit });
      },
    });
    const process = {
      pid: nobody,
      exited: exited.promise,
      stdout: stdout.readable,
      write: () => Promise.resolve(),
      closeStdin: () => {},
    };
    return { ok: true, process };
  };
  return {
    spawn,
    started,
    /** The n-th that was started, from 1. */
    candidate: (count: number) =>
      eventually(`candidate ${count} is started`, () => started.at(count - 1)),
  };
}

export function proof(tools: readonly unknown[] = [], version = "0.2.0") {
  return `${JSON.stringify({ ready: true, version, tools })}\n`;
}
