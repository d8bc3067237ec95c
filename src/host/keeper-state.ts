// What a keeper knows that the next image must know, as a value.

import { z } from "zod";
import { consultIdSchema, generationSchema } from "../base/ids.ts";
import type { Lifecycle } from "../supervise/lifecycle.ts";

const history = { restarts: z.array(z.number()), losses: z.int().min(0) };

export const keeperStateSchema = z.object({
  generation: generationSchema,
  has_spawned: z.boolean(),
  /** Without a worker there are no other states. */
  lifecycle: z.discriminatedUnion("kind", [
    z.object({ ...history, kind: z.literal("absent") }),
    z.object({ ...history, kind: z.literal("ejected"), untilMs: z.number() }),
  ]),
  /** Answers that reached the client while no worker was there to be told. */
  undelivered: z.array(consultIdSchema),
});
export type KeeperState = z.infer<typeof keeperStateSchema>;

/** As it is once no worker may live (supervise/lifecycle.ts, `suspend`). */
export function withoutWorker(state: Lifecycle): KeeperState["lifecycle"] {
  const { restarts, losses } = state;
  const history = { restarts: [...restarts], losses };
  return state.kind === "ejected"
    ? { ...history, kind: "ejected", untilMs: state.untilMs }
    : { ...history, kind: "absent" };
}
