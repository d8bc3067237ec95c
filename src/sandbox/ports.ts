// Which TCP ports a run needs: the web's, DNS over TCP, and those of the proxies and API
// addresses that its environment names. Pure.

import type { Environment } from "../sys/settings.ts";

const always = [443, 80, 53];
const namesAnAddress = /(_BASE_URL|_PROXY|_ENDPOINT|_ENDPOINT_URL)$/i;
const portOfScheme: Readonly<Record<string, number>> = {
  "http:": 80,
  "https:": 443,
  "socks:": 1080,
  "socks4:": 1080,
  "socks5:": 1080,
  "socks5h:": 1080,
};

export function connectPorts(environment: Environment): number[] {
  const ports = new Set(always);
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || !namesAnAddress.test(name)) continue;
    const port = portOf(value);
    if (port !== undefined) ports.add(port);
  }
  return [...ports];
}

function portOf(address: string): number | undefined {
  // Proxies are often given as `host:port`, which by itself parses as a scheme.
  const url = /^[a-z0-9]+:\/\//i.test(address) ? address : `http://${address}`;
  if (!URL.canParse(url)) return undefined;
  const { port, protocol } = new URL(url);
  const number = port === "" ? portOfScheme[protocol] : Number(port);
  return number === 0 ? undefined : number;
}
