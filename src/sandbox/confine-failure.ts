// How a process that was to confine itself and become Claude says that it did neither:
// an exit code and one line on standard error. Written by confine.ts, read by the runner.

/** As other programs that start programs have it, when they themselves failed. */
export const confineFailedCode = 125;
const complaint = "phone-opus confine:";
export const notConfined = `${complaint} not confined:`;
export const notStarted = `${complaint} not started:`;

export type ConfineFailure =
  | { readonly kind: "not_confined"; readonly why: string }
  | { readonly kind: "not_started"; readonly why: string };

/** What the process of a run that ended this way has to say, if it never became Claude. */
export function confineFailureOf(
  exitCode: number | undefined,
  stderr: string,
): ConfineFailure | undefined {
  if (exitCode !== confineFailedCode) return undefined;
  const after = (start: string) =>
    stderr.startsWith(start) ? stderr.slice(start.length).trim() : undefined;
  const unconfined = after(notConfined);
  if (unconfined !== undefined)
    return { kind: "not_confined", why: unconfined };
  const unstarted = after(notStarted);
  return unstarted === undefined
    ? undefined
    : { kind: "not_started", why: unstarted };
}
