// Who waits for a run, who wants it ended, and when nobody is left.

import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import {
  addOwner,
  cancelReason,
  claimRun,
  grantTicket,
  hasLiveOwner,
  hasTicket,
  isOrphaned,
  markDelivered,
  releaseRun,
  requestCancel,
  wasDelivered,
} from "../../src/consult/custody.ts";
import { modeOf, tempDir } from "../helpers/temp-dir.ts";
import { gone, living, self } from "./scene.ts";

test("an owner is written down under its number, and lives as long as it does", async () => {
  await using dir = tempDir();
  expect(hasLiveOwner(dir.path)).toBe(false);
  await using owner = living();
  addOwner(dir.path, owner.identity);
  addOwner(dir.path, owner.identity);
  const name = `owner.${owner.identity.pid}.json`;
  expect(readdirSync(dir.path)).toEqual([name]);
  const written: unknown = JSON.parse(readFileSync(dir.at(name), "utf8"));
  expect(written).toEqual(owner.identity);
  expect(modeOf(dir.at(name))).toBe(0o600);
  expect(hasLiveOwner(dir.path)).toBe(true);
  await owner.end();
  expect(hasLiveOwner(dir.path)).toBe(false);
});

test("an owner who is noted already needs no room on the disk", async () => {
  await using dir = tempDir();
  addOwner(dir.path, self);
  // Where a note would be written first there is no room for it.
  mkdirSync(dir.at(`owner.${self.pid}.json.${process.pid}.tmp`));
  addOwner(dir.path, self);
  expect(hasLiveOwner(dir.path)).toBe(true);
  expect(() => addOwner(dir.path, { ...self, start_time: "1" })).toThrow();
});

test("one living owner among dead and unreadable ones is enough", async () => {
  await using dir = tempDir();
  addOwner(dir.path, gone);
  writeFileSync(dir.at("owner.1.json"), "{");
  writeFileSync(dir.at("owner.x.json"), JSON.stringify(self));
  writeFileSync(dir.at("owner.2.json.3.tmp"), JSON.stringify(self));
  expect(hasLiveOwner(dir.path)).toBe(false);
  await using owner = living();
  addOwner(dir.path, owner.identity);
  expect(hasLiveOwner(dir.path)).toBe(true);
});

test("the last owner who leaves asks for the end", async () => {
  await using dir = tempDir();
  addOwner(dir.path, self);
  expect(releaseRun(dir.path, self, "Escape was pressed.")).toBe(true);
  expect(cancelReason(dir.path)).toBe("Escape was pressed.");
  expect(readdirSync(dir.path)).toEqual(["cancel.json"]);
  expect(modeOf(dir.at("cancel.json"))).toBe(0o600);
});

test("an owner who leaves another one behind asks for nothing", async () => {
  await using dir = tempDir();
  await using other = living();
  addOwner(dir.path, self);
  addOwner(dir.path, other.identity);
  expect(releaseRun(dir.path, self, "done")).toBe(false);
  expect([cancelReason(dir.path), readdirSync(dir.path)]).toEqual([
    undefined,
    [`owner.${other.identity.pid}.json`],
  ]);
  expect(releaseRun(dir.path, other.identity, "done too")).toBe(true);
  expect(cancelReason(dir.path)).toBe("done too");
});

test("an owner who leaves only dead ones behind asks for the end", async () => {
  await using dir = tempDir();
  const dead = living();
  addOwner(dir.path, dead.identity);
  addOwner(dir.path, self);
  await dead.end();
  expect(releaseRun(dir.path, self, "done")).toBe(true);
});

test("an owner whose caller holds a ticket asks for nothing", async () => {
  await using dir = tempDir();
  addOwner(dir.path, self);
  grantTicket(dir.path);
  expect(releaseRun(dir.path, self, "done")).toBe(false);
  expect([cancelReason(dir.path), readdirSync(dir.path)]).toEqual([
    undefined,
    ["ticket"],
  ]);
});

test("who never was an owner can leave too", async () => {
  await using dir = tempDir();
  expect(releaseRun(dir.path, self, "done")).toBe(true);
});

test("a cancellation is written down and wakes the runner", async () => {
  await using dir = tempDir();
  await using runner = living();
  expect(claimRun(dir.path, runner.identity)).toBe(true);
  requestCancel(dir.path, "No longer wanted: é");
  expect(await runner.ended).toBe("SIGTERM");
  expect(cancelReason(dir.path)).toBe("No longer wanted: é");
});

test("a cancellation that cannot be written down still wakes the runner", async () => {
  await using dir = tempDir();
  await using runner = living();
  expect(claimRun(dir.path, runner.identity)).toBe(true);
  mkdirSync(dir.at("cancel.json"));
  expect(() => requestCancel(dir.path, "stop")).toThrow();
  expect(await runner.ended).toBe("SIGTERM");
});

test("a cancellation never signals another process with the runner's number", async () => {
  await using dir = tempDir();
  await using bystander = living();
  writeFileSync(
    dir.at("runner.1.json"),
    JSON.stringify({ pid: bystander.identity.pid, start_time: "1" }),
  );
  requestCancel(dir.path, "stop");
  expect(await bystander.echo("alive\n")).toBe("alive\n");
  expect(cancelReason(dir.path)).toBe("stop");
});

test("only the last runner is woken", async () => {
  await using dir = tempDir();
  await using first = living();
  await using second = living();
  for (const [number, { identity }] of [first, second].entries()) {
    writeFileSync(
      dir.at(`runner.${number + 1}.json`),
      JSON.stringify(identity),
    );
  }
  requestCancel(dir.path, "stop");
  expect(await second.ended).toBe("SIGTERM");
  expect(await first.echo("alive\n")).toBe("alive\n");
});

test("the last of two wishes stands, and half a wish is none", async () => {
  await using dir = tempDir();
  expect(cancelReason(dir.path)).toBe(undefined);
  requestCancel(dir.path, "first");
  requestCancel(dir.path, "second");
  expect(cancelReason(dir.path)).toBe("second");
  writeFileSync(dir.at("cancel.json"), '{"reason":');
  expect(cancelReason(dir.path)).toBe(undefined);
});

test("ticket and delivery are marks of their own, set once or twice", async () => {
  await using dir = tempDir();
  const marks = () => [hasTicket(dir.path), wasDelivered(dir.path)];
  expect(marks()).toEqual([false, false]);
  grantTicket(dir.path);
  grantTicket(dir.path);
  expect(marks()).toEqual([true, false]);
  markDelivered(dir.path);
  markDelivered(dir.path);
  expect(marks()).toEqual([true, true]);
  expect(readdirSync(dir.path).toSorted()).toEqual(["delivered", "ticket"]);
});

test("a run is orphaned without owner and ticket once the grace is over, else never", () => {
  const graceMs = 1000;
  for (const owned of [true, false]) {
    for (const ticketed of [true, false]) {
      for (const goneMs of [0, 999, 1000, 1001]) {
        const custody = {
          hasLiveOwner: owned,
          hasTicket: ticketed,
          goneMs,
          graceMs,
        };
        expect({ ...custody, orphaned: isOrphaned(custody) }).toEqual({
          ...custody,
          orphaned: !owned && !ticketed && goneMs >= 1000,
        });
      }
    }
  }
});
