// The capsule: all that a host must know to go on with a session that another image
// began. One line of JSON, then the client's bytes that nobody has looked at yet. It
// holds prompts, so it exists as a private file for a moment (capsule-file.ts) and
// nowhere else.

import { z } from "zod";
import {
  consultIdSchema,
  processIdentitySchema,
  requestIdSchema,
} from "../base/ids.ts";
import { describeIssue, jsonObjectSchema, parseJson } from "../base/json.ts";
import { fingerprintSchema } from "../sys/fingerprint.ts";
import { countersStateSchema } from "../telemetry/counters-state.ts";
import { circuitStateSchema } from "./circuit-state.ts";
import { keeperStateSchema } from "./keeper-state.ts";
import { sessionStateSchema } from "./session-state.ts";

/** Changes whenever an older or newer image could misread it. */
export const capsuleFormat = 1;

export const shownToolSchema = z.object({
  name: z.string(),
  inputSchema: jsonObjectSchema,
});
/** A tool as the client was told of it. */
export type ShownTool = z.infer<typeof shownToolSchema>;

const headerSchema = z.strictObject({
  format: z.literal(capsuleFormat),
  /** `prove`: for a rehearsal, in which nothing is answered or run. */
  purpose: z.enum(["prove", "handoff"]),
  /** The version that made it. */
  version: z.string(),
  host: processIdentitySchema,
  /** When, by both clocks: the monotonic one goes on from here. */
  at: z.object({ unix_ms: z.number(), monotonic_ms: z.number() }),
  /** Of the image that made it, where the system tells. */
  fingerprint: fingerprintSchema.nullable(),
  session: sessionStateSchema,
  /** What tools/list showed this client last; null before it asked. */
  shown_tools: z.array(shownToolSchema).nullable(),
  /** The directories that this client offers; it is asked for them again. */
  client_roots: z.array(z.string()),
  /** Which consult each unanswered request of that tool waits for. */
  calls: z.array(
    z.object({
      request_id: requestIdSchema,
      consult_id: consultIdSchema,
      started_ms: z.number(),
    }),
  ),
  /** Runs that go on after their call was answered "still running". */
  followed: z.array(
    z.object({ consult_id: consultIdSchema, started_ms: z.number() }),
  ),
  telemetry: countersStateSchema,
  keeper: keeperStateSchema,
  circuit: circuitStateSchema,
  /** Test hooks that have done their work. */
  spent_hooks: z.array(z.string()),
  unread_bytes: z.int().min(0),
});
type Header = z.infer<typeof headerSchema>;

export interface Capsule extends Omit<Header, "format" | "unread_bytes"> {
  /** What the client sent and no image has decoded. */
  readonly unread: Uint8Array;
}

const lineFeed = 0x0a;

export function encodeCapsule(capsule: Capsule): Uint8Array[] {
  const { unread, ...content } = capsule;
  const header: Header = {
    ...content,
    format: capsuleFormat,
    unread_bytes: unread.length,
  };
  return [Buffer.from(`${JSON.stringify(header)}\n`), unread];
}

export type DecodedCapsule =
  | { readonly ok: true; readonly capsule: Capsule }
  | { readonly ok: false; readonly problem: string };

export function decodeCapsule(bytes: Uint8Array): DecodedCapsule {
  const end = bytes.indexOf(lineFeed);
  if (end === -1) return { ok: false, problem: "it is cut short" };
  const json = parseJson(Buffer.from(bytes.subarray(0, end)).toString());
  if (!json.ok) return { ok: false, problem: `it is no JSON: ${json.reason}` };
  const format = z.object({ format: z.int() }).safeParse(json.value);
  if (format.success && format.data.format !== capsuleFormat) {
    return {
      ok: false,
      problem: `it has format ${format.data.format}, this version reads ${capsuleFormat}`,
    };
  }
  const parsed = headerSchema.safeParse(json.value);
  if (!parsed.success) {
    return { ok: false, problem: describeIssue(parsed.error) };
  }
  const { format: _, unread_bytes: unreadBytes, ...content } = parsed.data;
  const unread = bytes.subarray(end + 1);
  return unread.length === unreadBytes
    ? { ok: true, capsule: { ...content, unread } }
    : { ok: false, problem: "it is cut short" };
}
