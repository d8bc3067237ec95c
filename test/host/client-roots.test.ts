// Where a client's roots let a consult be held, and what a client that answers late,
// wrongly or never makes of it.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync } from "node:fs";
import { pathToFileURL } from "node:url";
import {
  type ClientRoots,
  createClientRoots,
  type RootList,
} from "../../src/host/client-roots.ts";
import { createFakeClock, type FakeClock } from "../helpers/clock.ts";
import { type TempDir, tempDir } from "../helpers/temp-dir.ts";

let place: TempDir;
let clock: FakeClock;
beforeEach(() => {
  place = tempDir();
  clock = createFakeClock();
  for (const name of ["base/below", "shop/src", "shop-two", "my files"]) {
    mkdirSync(place.at(name), { recursive: true });
  }
});
afterEach(() => place[Symbol.asyncDispose]());

const start = (isOverruled = false) =>
  createClientRoots({ baseDirectory: place.at("base"), isOverruled, clock });
const list = (...uris: string[]): RootList => ({
  roots: uris.map((uri) => ({ uri })),
});
const uriOf = (name: string) => pathToFileURL(place.at(name)).href;
const offer = (roots: ClientRoots, ...uris: string[]) =>
  roots.ask(() => Promise.resolve(list(...uris)));
function offering(...uris: string[]): ClientRoots {
  const roots = start();
  offer(roots, ...uris);
  return roots;
}

describe("with roots", () => {
  test("what lies in one of them is allowed, all else is not", async () => {
    const roots = offering(uriOf("shop"), uriOf("my files"));
    for (const name of ["shop", "shop/src", "my files"]) {
      expect(await roots.problemWith(place.at(name))).toBeUndefined();
    }
    expect(await roots.problemWith("../shop/src")).toBeUndefined();
    for (const name of ["shop-two", "shop/..", "base/below"]) {
      expect(await roots.problemWith(place.at(name))).toContain("lies outside");
    }
  });

  test("the denial names the directory, the roots and the way out", async () => {
    const roots = offering(uriOf("shop"), uriOf("my files"));
    expect(await roots.problemWith(place.at("shop-two"))).toBe(
      `cwd ${place.at("shop-two")} lies outside the roots of this client (${place.at("shop")}, ${place.at("my files")}): name a directory inside, or set PHONE_OPUS_ALLOWED_ROOTS, which goes before them.`,
    );
  });

  test("symlinks are resolved on both sides first", async () => {
    symlinkSync(place.at("shop-two"), place.at("shop/way-out"));
    symlinkSync(place.at("shop"), place.at("alias"));
    const roots = offering(uriOf("alias"));
    expect(await roots.problemWith(place.at("shop/src"))).toBeUndefined();
    expect(await roots.problemWith(place.at("alias/src"))).toBeUndefined();
    expect(await roots.problemWith(place.at("alias/way-out"))).toContain(
      `cwd ${place.at("shop-two")} lies outside`,
    );
  });

  test("the server's own directory is allowed, and nothing below it", async () => {
    const roots = offering(uriOf("shop"));
    for (const cwd of [undefined, ".", place.at("base")]) {
      expect(await roots.problemWith(cwd)).toBeUndefined();
    }
    expect(await roots.problemWith("below")).toContain("lies outside");
  });

  test("a directory that is not there is left to those who say so", async () => {
    const roots = offering(uriOf("shop"));
    expect(await roots.problemWith(place.at("nowhere"))).toBeUndefined();
  });

  test("a root that is not there allows nothing", async () => {
    const roots = offering(uriOf("nowhere"));
    expect(await roots.problemWith(place.at("shop"))).toContain("lies outside");
  });
});

describe("without roots anything is allowed", () => {
  const anywhere = async (roots: ClientRoots) =>
    expect(await roots.problemWith(place.at("shop"))).toBeUndefined();

  test("when the client has none to offer", () => anywhere(start()));
  test("when its list is empty", () => anywhere(offering()));
  test("when none is a directory of this machine", () =>
    anywhere(
      offering(
        "https://example.org/base",
        "vscode-vfs://github/base",
        "file://elsewhere/base",
        "file:///a%2Fb",
        "base",
        "",
      ),
    ));
  test("when it refuses to tell", async () => {
    const roots = start();
    roots.ask(() => Promise.reject(new Error("Method not found")));
    await anywhere(roots);
  });
  test("when the user's own list goes before it, which is not asked then", async () => {
    const roots = start(true);
    let asked = 0;
    roots.ask(() => {
      asked += 1;
      return Promise.resolve(list(uriOf("base")));
    });
    await anywhere(roots);
    expect(asked).toBe(0);
  });
});

test("those that are no directories of this machine do not widen the others", async () => {
  const roots = offering("https://example.org/", uriOf("base"));
  expect(await roots.problemWith(place.at("shop"))).toContain("lies outside");
});

describe("an answer", () => {
  /** Asks once more; the test answers. */
  function pending(roots: ClientRoots) {
    const { promise, resolve, reject } = Promise.withResolvers<RootList>();
    roots.ask(() => promise);
    return { resolve, reject };
  }

  test("that is on its way is waited for", async () => {
    const roots = start();
    const { resolve } = pending(roots);
    const problem = roots.problemWith(place.at("shop"));
    resolve(list(uriOf("base")));
    expect(await problem).toContain("lies outside");
    expect(clock.pending()).toBe(0);
  });

  test("that never comes is waited for once, and two seconds", async () => {
    const roots = start();
    pending(roots);
    let isSettled = false;
    const problem = roots
      .problemWith(place.at("shop"))
      .finally(() => (isSettled = true));
    clock.advance(1999);
    await Promise.resolve();
    expect(isSettled).toBe(false);
    clock.advance(1);
    expect(await problem).toBeUndefined();
    expect(await roots.problemWith(place.at("shop"))).toBeUndefined();
  });

  test("that comes late counts from then on", async () => {
    const roots = start();
    const { resolve } = pending(roots);
    clock.advance(2000);
    expect(await roots.problemWith(place.at("shop"))).toBeUndefined();
    resolve(list(uriOf("base")));
    await Promise.resolve();
    expect(await roots.problemWith(place.at("shop"))).toContain("lies outside");
  });

  test("to a later question replaces the earlier, whichever comes first", async () => {
    const roots = start();
    const first = pending(roots);
    const second = pending(roots);
    second.resolve(list(uriOf("shop")));
    first.resolve(list(uriOf("base")));
    expect(await roots.problemWith(place.at("shop"))).toBeUndefined();
    expect(await roots.problemWith("below")).toContain("lies outside");
  });

  test("that fails leaves what was known before", async () => {
    const roots = offering(uriOf("base"));
    pending(roots).reject(new Error("timed out"));
    expect(await roots.problemWith(place.at("shop"))).toContain("lies outside");
  });
});
