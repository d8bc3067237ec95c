// How a host begins, given what an earlier image left: with its capsule, without one
// that it should have had, or as the first.

import { z } from "zod";
import { type FaultRecord, faultRecord } from "../base/fault.ts";
import { parseJson } from "../base/json.ts";
import type { Rollout } from "../supervise/rollout.ts";
import {
  type Fingerprint,
  fingerprintFile,
  sameFingerprint,
} from "../sys/fingerprint.ts";
import { candidateOf } from "./binary.ts";
import type { Capsule, ShownTool } from "./capsule.ts";
import type { LoadedCapsule } from "./capsule-file.ts";
import { followsToolChanges } from "./client-limits.ts";
import { type Condemned, probationMs, verdictOn } from "./rollback.ts";
import { coldSession, type SessionState } from "./session-state.ts";

/**
 * A host whose capsule is refused is in the middle of a session that it does not know:
 * it answers what comes next, for its client will not initialise again.
 */
export function sessionOf(earlier: LoadedCapsule | undefined): SessionState {
  if (earlier === undefined) return coldSession;
  return earlier.ok
    ? earlier.capsule.session
    : { ...coldSession, is_initialized: true };
}

export function lostCapsule(problem: string): FaultRecord {
  return faultRecord({
    code: "rollout_failure",
    stage: "rollout",
    operation: "rollout",
    detail: `${problem} What was asked before is not answered; consult_list shows the consults, which go on.`,
  });
}

/**
 * What the file at the launch path is held against; undefined: against itself. Where a
 * handoff led from an image to the very same, what lies there is no binary but a script
 * that leads to it, and another handoff would lead nowhere else.
 */
export function installedImage(
  own: Fingerprint | undefined,
  earlier: Capsule | undefined,
): Fingerprint | undefined {
  const before = earlier?.fingerprint ?? undefined;
  if (own === undefined || before === undefined) return own;
  return sameFingerprint(own, before) ? undefined : own;
}

/** A binary that died after it took over is not tried again by itself. */
export function initialRollout(
  launchPath: string,
  condemned: readonly Condemned[],
): Rollout {
  try {
    const fingerprint = fingerprintFile(launchPath);
    if (verdictOn(condemned, fingerprint) === undefined) {
      return { kind: "current" };
    }
    return {
      kind: "refused",
      candidate: candidateOf(fingerprint),
      reason: `died within ${probationMs / 1000} s of taking over, so the one before it serves until the file changes or \`phone-opus mcp reload\` has it tried again`,
    };
  } catch {
    return { kind: "current" };
  }
}

/** The part of a tool that calls are made by. */
export function shownTool({ name, inputSchema }: ShownTool): ShownTool {
  return { name, inputSchema };
}

const openingSchema = z.object({
  params: z.object({ clientInfo: z.object({ name: z.string() }) }),
});
const subscriptionSchema = z.object({
  params: z.object({
    notifications: z.object({ toolsListChanged: z.literal(true) }),
  }),
});

/** Whether this client asks for the catalogue again when told that it changed. */
export function followsCatalogue(session: SessionState): boolean {
  const isSubscribed = session.pending.some(
    ({ operation, frame }) =>
      operation === "subscriptions/listen" &&
      subscriptionSchema.safeParse(valueIn(frame)).success,
  );
  const opening = openingSchema.safeParse(valueIn(session.opening[0]));
  return (
    isSubscribed || followsToolChanges(opening.data?.params.clientInfo.name)
  );
}

function valueIn(frame: string | undefined): unknown {
  const json = parseJson(frame ?? "");
  return json.ok ? json.value : undefined;
}
