// How long the tests of this folder go on, and what their choices are drawn from. The
// names of tests show the seed; given again it repeats the choices, though not the time
// that things take.

/** `npm run chaos` sets it. */
export const isLong = Bun.env["PHONE_OPUS_CHAOS"] === "long";

export const seed = Number(
  Bun.env["PHONE_OPUS_CHAOS_SEED"] ?? Date.now() % 1e6,
);
