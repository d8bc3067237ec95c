// Consults that go on without their caller, as the tests of tickets ask for them.

import { expect } from "bun:test";
import { z } from "zod";
import type { JsonObject } from "../../src/base/json.ts";
import {
  type ClientKind,
  clientKinds,
  type ConnectedClient,
} from "./clients.ts";
import { textOf } from "./host.ts";

export const answer = "The answer is 42.";

/** One client of each library and era. */
export const ticketClients: readonly ClientKind[] = clientKinds.filter(
  ({ client }) => client !== "SDK v2, pinned",
);

const [sdk1] = clientKinds;
if (sdk1 === undefined) throw new Error("there is no client");
export const connectSdk1 = sdk1.connect;

/** Asks without waiting, and gives the id of what is running then. */
export async function ticket(
  client: ConnectedClient,
  args: JsonObject,
): Promise<string> {
  const result = await client.callTool("consult", { wait_s: 0, ...args });
  const text = textOf(result);
  expect(text).toStartWith("consult running id=c_");
  expect(result.isError).toBe(false);
  return idOf(text);
}

/** The first consult id that a text names. */
export function idOf(text: string): string {
  return text.match(/c_[0-9a-f]{32}/)?.[0] ?? "no id";
}

const listSchema = z.object({
  consults: z.array(
    z.looseObject({ consult_id: z.string(), status: z.string() }),
  ),
});

/** Id and status of each, as consult_list gives them. */
export async function listed(
  client: ConnectedClient,
  args: JsonObject = {},
): Promise<string[][]> {
  const all = { render: "json", ...args };
  const { structuredContent } = await client.callTool("consult_list", all);
  return listSchema
    .parse(structuredContent)
    .consults.map(({ consult_id, status }) => [consult_id, status]);
}
