// The notes by which hosts are found.

import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { liveHosts, registerHost } from "../../src/consult/hosts.ts";
import { identifyProcess } from "../../src/sys/processes.ts";

let home = "";
let hosts = "";

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "phone-opus-hosts-"));
  hosts = join(home, "hosts");
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const self = identifyProcess(process.pid) ?? { pid: 0, start_time: "" };

test("without a directory there is none", () => {
  expect(liveHosts(hosts)).toEqual([]);
  expect(existsSync(hosts)).toBe(false);
});

test("one that registered is found until it leaves, and twice is once", () => {
  const registration = registerHost(hosts);
  registerHost(hosts);
  expect(liveHosts(hosts)).toEqual([self]);
  registration.remove();
  registration.remove();
  expect(liveHosts(hosts)).toEqual([]);
  expect(readdirSync(hosts)).toEqual([]);
});

test("the note is private", () => {
  registerHost(hosts);
  const note = join(hosts, `${process.pid}.json`);
  expect(statSync(hosts).mode & 0o777).toBe(0o700);
  expect(statSync(note).mode & 0o777).toBe(0o600);
});

test("notes of the dead, of later bearers of their pid, and garbage are removed", () => {
  registerHost(hosts);
  writeFileSync(
    join(hosts, "1234567.json"),
    JSON.stringify({ pid: 1_234_567, start_time: "1" }),
  );
  writeFileSync(
    join(hosts, "1.json"),
    JSON.stringify({ pid: process.pid, start_time: "1" }),
  );
  writeFileSync(join(hosts, "2.json"), "no JSON");
  writeFileSync(join(hosts, "3.json"), "{}");
  expect(liveHosts(hosts)).toEqual([self]);
  expect(readdirSync(hosts)).toEqual([`${process.pid}.json`]);
});

test("a note that another host is just writing is left alone", () => {
  mkdirSync(hosts);
  const draft = `${process.pid}.json.${process.pid}.tmp`;
  writeFileSync(join(hosts, draft), "");
  expect(liveHosts(hosts)).toEqual([]);
  expect(readdirSync(hosts)).toEqual([draft]);
});

test("a host that cannot leave its note serves all the same", () => {
  writeFileSync(hosts, "a file where the directory should be");
  expect(() => registerHost(hosts).remove()).not.toThrow();
});
