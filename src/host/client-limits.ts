// How long a call may wait for its answer before it answers "still running": a little
// less than the client itself waits. Names are those that clients give of themselves.

/** Seconds that a client waits for a tool; `undefined`: as long as it takes. */
const clientLimits: Readonly<Record<string, number | undefined>> = {
  "codex-mcp-client": 300,
  "claude-ai": 60,
  // 28 hours for stdio servers: longer than any consult.
  "claude-code": undefined,
};
/** The default of the MCP libraries, which most other clients are built on. */
const libraryLimitS = 60;

const marginS = 10;

export function defaultWaitMs(clientName: string | undefined): number {
  const name = clientName ?? "";
  const limitS = Object.hasOwn(clientLimits, name)
    ? clientLimits[name]
    : libraryLimitS;
  return limitS === undefined ? Infinity : (limitS - marginS) * 1000;
}

/** Clients that read the catalogue again when told that it changed (measured). */
const followers = new Set(["claude-code"]);

export function followsToolChanges(clientName: string | undefined): boolean {
  return followers.has(clientName ?? "");
}

/**
 * True for a cancellation by the client's own clock, which is no wish of its user: the
 * answer will be asked for again.
 */
export function isTimeLimit(reason: string): boolean {
  return /tim(e|ed)[ -]?out|time limit|deadline/i.test(reason);
}
