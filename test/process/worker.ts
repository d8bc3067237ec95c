// The real worker process, driven as the host drives it. Whatever it prints must be
// a message of the wire.

import { expect } from "bun:test";
import { consultAnswerSchema } from "../../src/tools/answer.ts";
import type { JsonObject } from "../../src/base/json.ts";
import { type ToHost, toHostSchema } from "../../src/wire/messages.ts";
import { type Piped, startPiped } from "./piped.ts";
import type { Sandbox } from "./sandbox.ts";
import { eventually } from "./eventually.ts";
import { identifyProcess } from "../../src/sys/processes.ts";

export interface DrivenWorker extends AsyncDisposable {
  readonly piped: Piped;
  messages(): ToHost[];
  hello(): Promise<Extract<ToHost, { kind: "hello" }>>;
  /** As a host's that lives as long as the test; returns the consult's id. */
  execute(id: number, question: JsonObject): Promise<string>;
  attach(id: number, consultId: string): Promise<void>;
  /** The farewell of a host. */
  end(reason: string): Promise<void>;
  accepted(id: number): Promise<Extract<ToHost, { kind: "accepted" }>>;
  cancel(id: number): Promise<void>;
  answer(id: number): Promise<Extract<ToHost, { kind: "answer" }>["outcome"]>;
  response(id: number): Promise<string>;
  /** The detail of the n-th complaint, from 1. */
  complaint(count: number): Promise<string>;
}

export function startWorker(
  sandbox: Sandbox,
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
  generation = 1,
): DrivenWorker {
  const piped = startPiped({
    command: [...command, "mcp", "worker", "--generation", String(generation)],
    cwd: sandbox.project,
    environment,
  });
  const parsed: ToHost[] = [];
  const messages = () => {
    for (const line of piped.lines().slice(parsed.length)) {
      parsed.push(toHostSchema.parse(JSON.parse(line)));
    }
    return parsed;
  };
  const answer = async (id: number) => {
    const message = await eventually(`operation ${id} is answered`, () =>
      messages()
        .filter((each) => each.kind === "answer")
        .find((each) => each.id === id),
    );
    return message.outcome;
  };
  const send = (
    id: number,
    operation: "consult" | "attach",
    consult_id: string,
    question: JsonObject,
  ) =>
    piped.send({
      kind: "execute",
      id,
      operation,
      consult_id,
      arguments: question,
      owner: identifyProcess(process.pid),
    });
  return {
    piped,
    messages,
    hello: () =>
      eventually("the worker says hello", () =>
        messages().find((each) => each.kind === "hello"),
      ),
    execute: async (id, question) => {
      const consult_id = consultId();
      await send(id, "consult", consult_id, question);
      return consult_id;
    },
    attach: (id, consult_id) => send(id, "attach", consult_id, {}),
    end: (reason) => piped.send({ kind: "end", reason }),
    accepted: (id) =>
      eventually(`operation ${id} is accepted`, () =>
        messages()
          .filter((each) => each.kind === "accepted")
          .find((each) => each.id === id),
      ),
    cancel: (id) => piped.send({ kind: "cancel", id, reason: "no longer" }),
    answer,
    response: async (id) => {
      const outcome = await answer(id);
      expect(outcome.status).toBe("success");
      return outcome.status === "success"
        ? consultAnswerSchema.parse(outcome.result).response
        : "";
    },
    complaint: async (count) => {
      const message = await eventually(`${count} complaints have come`, () =>
        messages()
          .filter((each) => each.kind === "complaint")
          .at(count - 1),
      );
      return message.fault.fault.detail;
    },
    [Symbol.asyncDispose]: () => piped[Symbol.asyncDispose](),
  };
}

export function consultId(): string {
  return `c_${Bun.randomUUIDv7().replaceAll("-", "")}`;
}
