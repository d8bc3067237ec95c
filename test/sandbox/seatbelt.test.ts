// The profile for macOS, as text: there is no Mac here to try it on.

import { expect, test } from "bun:test";
import { seatbeltProfile } from "../../src/sandbox/seatbelt.ts";

const profile = seatbeltProfile({
  writable: ["/private/tmp/run", '/odd "name"\\'],
  unreadable: ["/Users/ann/.ssh", "/Users/ann/state"],
  readable: ["/Users/ann/.claude"],
  connectPorts: [443, 3128],
});
const lines = profile.split("\n");
const place = (line: string) => {
  expect(lines).toContain(line);
  return lines.indexOf(line);
};

test("writing is denied but for what is named after it", () => {
  const denied = place("(deny file-write*)");
  for (const line of [
    '(allow file-write* (subpath "/private/tmp/run"))',
    '(allow file-write* (literal "/dev/null"))',
  ]) {
    expect(place(line)).toBeGreaterThan(denied);
  }
});

test("what is hidden comes before what Claude needs in it", () => {
  const hidden = place('(deny file-read-data (subpath "/Users/ann/state"))');
  const own = place('(allow file-read-data (subpath "/private/tmp/run"))');
  expect(own).toBeGreaterThan(hidden);
  expect(
    place('(allow file-read-data (subpath "/Users/ann/.claude"))'),
  ).toBeGreaterThan(place('(deny file-read-data (subpath "/Users/ann/.ssh"))'));
});

test("no port is listened on, and only the named ones are called", () => {
  place("(deny network-bind)");
  const denied = place("(deny network-outbound (remote tcp))");
  expect(
    place('(allow network-outbound (remote tcp "*:3128"))'),
  ).toBeGreaterThan(denied);
});

test("a name cannot end its own quotes", () => {
  place('(allow file-write* (subpath "/odd \\"name\\"\\\\"))');
});

test("its parentheses are in balance", () => {
  const bare = profile.replaceAll(/"(?:[^"\\]|\\.)*"/g, "");
  expect(bare.match(/\(/g)?.length).toBe(bare.match(/\)/g)?.length);
});
