// The roots of a client that real libraries speak for: where they forbid a consult
// nothing is spawned, and a client that does not answer stalls nothing.

import { Client as ModernClient } from "@modelcontextprotocol/client";
import { StdioClientTransport as ModernStdio } from "@modelcontextprotocol/client/stdio";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { ListRootsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import {
  afterEach,
  beforeEach,
  expect,
  setDefaultTimeout,
  test,
} from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { makeScene, type Scene } from "../chaos/scene.ts";
import { binary, childrenOf } from "../chaos/session.ts";
import { fakeClaude, fakeClaudeStarts } from "../fake-claude/fake-claude.ts";
import {
  type CallResult,
  faultOf,
  resultSchema,
} from "./supervision-client.ts";

setDefaultTimeout(30_000);

const name = { name: "claude-code", version: "0" };

let scene: Scene;
beforeEach(() => {
  scene = makeScene({ PHONE_OPUS_CLAUDE_BIN: fakeClaude("answers") });
  for (const each of ["server", "shop/src", "other"]) {
    mkdirSync(join(scene.home, each), { recursive: true });
  }
});
afterEach(() => scene[Symbol.dispose]());

const at = (path: string) => join(scene.home, path);
const server = (environment: Record<string, string>) => ({
  command: binary,
  args: ["mcp", "serve"],
  cwd: at("server"),
  env: { ...scene.environment, ...environment },
  stderr: "ignore" as const,
});
const starts = async () => (await fakeClaudeStarts(scene.startsFile)).length;

/** A client of the older revisions that answers `roots/list` as told. */
async function connect(
  listRoots: () => string[] | Promise<string[]>,
  environment: Record<string, string> = {},
) {
  const client = new Client(name, {
    capabilities: { roots: { listChanged: true } },
  });
  let asked = 0;
  client.setRequestHandler(ListRootsRequestSchema, async () => {
    asked += 1;
    const uris = await listRoots();
    return { roots: uris.map((uri) => ({ uri })) };
  });
  const transport = new StdioClientTransport(server(environment));
  await client.connect(transport);
  return {
    asked: () => asked,
    workers: () => childrenOf(transport.pid ?? 0),
    consult: async (cwd?: string): Promise<CallResult> =>
      resultSchema.parse(
        await client.callTool({
          name: "consult",
          arguments: { prompt: `In ${cwd}?`, ...(cwd ? { cwd } : {}) },
        }),
      ),
    tellChange: () => client.sendRootsListChanged(),
    [Symbol.asyncDispose]: () => client.close(),
  };
}

const uriOf = (path: string) => pathToFileURL(at(path)).href;

test("outside the client's roots nothing is spawned, inside it is answered", async () => {
  await using session = await connect(() => [uriOf("shop")]);
  const { fault } = faultOf(await session.consult(at("other")));
  expect(fault.code).toBe("invalid_input");
  expect(fault.detail).toContain(
    `lies outside the roots of this client (${at("shop")})`,
  );
  expect(session.workers()).toEqual([]);
  expect((await session.consult(at("shop/src"))).isError).toBe(false);
  expect((await session.consult()).isError).toBe(false);
  expect(await starts()).toBe(2);
  expect(session.asked()).toBe(1);
});

test("a change of the roots is asked for and holds", async () => {
  let roots = [uriOf("shop")];
  await using session = await connect(() => roots);
  expect((await session.consult(at("other"))).isError).toBe(true);
  roots = [uriOf("other")];
  await session.tellChange();
  expect((await session.consult(at("other"))).isError).toBe(false);
  expect((await session.consult(at("shop"))).isError).toBe(true);
  expect(session.asked()).toBe(2);
});

test("PHONE_OPUS_ALLOWED_ROOTS goes before the client's roots", async () => {
  await using session = await connect(() => [uriOf("shop")], {
    PHONE_OPUS_ALLOWED_ROOTS: at("other"),
  });
  expect((await session.consult(at("other"))).isError).toBe(false);
  const { fault } = faultOf(await session.consult(at("shop")));
  expect(fault.detail).toContain("PHONE_OPUS_ALLOWED_ROOTS");
  expect(session.asked()).toBe(0);
});

test("a client that never answers has none, and waits seconds at most", async () => {
  await using session = await connect(() => new Promise<string[]>(() => {}));
  expect((await session.consult(at("other"))).isError).toBe(false);
  expect(session.asked()).toBe(1);
});

test("roots on no disk of this machine are left out", async () => {
  await using session = await connect(() => [
    "vscode-vfs://github/acme/shop",
    uriOf("shop"),
  ]);
  expect((await session.consult(at("shop"))).isError).toBe(false);
  expect((await session.consult(at("other"))).isError).toBe(true);
});

test("in the newest revision, where they are deprecated, they are not asked for", async () => {
  const client = new ModernClient(name, {
    capabilities: { roots: {} },
    versionNegotiation: { mode: { pin: "2026-07-28" } },
  });
  let asked = 0;
  client.setRequestHandler("roots/list", () => {
    asked += 1;
    return { roots: [{ uri: uriOf("shop") }] };
  });
  await client.connect(new ModernStdio(server({})));
  try {
    const result = await client.callTool({
      name: "consult",
      arguments: { prompt: "Where?", cwd: at("other") },
    });
    expect(result.isError).toBe(false);
    expect(asked).toBe(0);
  } finally {
    await client.close();
  }
});
