/** What may be done after an attempt whose outcome is unknown. */
export type ReplayContract = "convergent" | "probe_required" | "never_replay";
