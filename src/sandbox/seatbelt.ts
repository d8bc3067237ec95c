// The policy as a profile for macOS's sandbox-exec (SBPL). Pure. There, later rules win
// over earlier ones, so that what is denied can be said as such.

export interface SeatbeltOptions {
  /** Real paths below which everything may be written. */
  readonly writable: readonly string[];
  /** Real paths, each with all below it. */
  readonly unreadable: readonly string[];
  /** Readable although something above them is not. */
  readonly readable: readonly string[];
  readonly connectPorts: readonly number[];
}

const devices = ["/dev/null", "/dev/zero", "/dev/tty", "/dev/dtracehelper"];

export function seatbeltProfile(options: SeatbeltOptions): string {
  const { writable, unreadable, readable, connectPorts } = options;
  return [
    "(version 1)",
    "(allow default)",
    "(deny file-write*)",
    ...devices.map((path) => `(allow file-write* (literal ${quoted(path)}))`),
    ...writable.map((path) => `(allow file-write* (subpath ${quoted(path)}))`),
    ...unreadable.map(
      (path) => `(deny file-read-data (subpath ${quoted(path)}))`,
    ),
    ...[...readable, ...writable].map(
      (path) => `(allow file-read-data (subpath ${quoted(path)}))`,
    ),
    "(deny network-bind)",
    "(deny network-inbound)",
    "(deny network-outbound (remote tcp))",
    ...connectPorts.map(
      (port) => `(allow network-outbound (remote tcp "*:${port}"))`,
    ),
    "",
  ].join("\n");
}

function quoted(path: string): string {
  return `"${path.replaceAll(/["\\]/g, (character) => `\\${character}`)}"`;
}
