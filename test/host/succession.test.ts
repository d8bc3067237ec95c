// How a host begins with what an earlier image left it, or did not leave.

import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { candidateOf } from "../../src/host/binary.ts";
import { coldSession } from "../../src/host/session-state.ts";
import {
  followsCatalogue,
  initialRollout,
  lostCapsule,
  sessionOf,
  shownTool,
} from "../../src/host/succession.ts";
import { fingerprintFile } from "../../src/sys/fingerprint.ts";
import { tempDir } from "../helpers/temp-dir.ts";
import { sampleCapsule } from "./capsules.ts";
import { initialize } from "./sessions.ts";

describe("the session", () => {
  test("is the client's first where there was none", () => {
    expect(sessionOf(undefined)).toEqual(coldSession);
  });

  test("is the capsule's", () => {
    const capsule = sampleCapsule();
    expect(sessionOf({ ok: true, capsule })).toBe(capsule.session);
  });

  test("without its capsule counts as initialised: nobody will do it again", () => {
    expect(sessionOf({ ok: false, problem: "" })).toEqual({
      ...coldSession,
      is_initialized: true,
    });
  });
});

test("a lost capsule is a fault that says what to do", () => {
  expect(
    lostCapsule("The capsule /x is refused: it is cut short."),
  ).toMatchObject({
    fault: {
      code: "rollout_failure",
      detail:
        "The capsule /x is refused: it is cut short. What was asked before is not answered; consult_list shows the consults, which go on.",
    },
    stage: "rollout",
  });
});

describe("the rollout begins", () => {
  test("with nothing, or refusing the binary that died", async () => {
    await using dir = tempDir();
    const path = dir.at("phone-opus");
    writeFileSync(path, "binary");
    const fingerprint = fingerprintFile(path);
    const previous = null;
    expect(initialRollout(path, [])).toEqual({ kind: "current" });
    const other = { ...fingerprint, inode: "1" };
    expect(initialRollout(path, [{ fingerprint: other, previous }])).toEqual({
      kind: "current",
    });
    const refused = initialRollout(path, [{ fingerprint, previous }]);
    expect(refused).toMatchObject({
      kind: "refused",
      candidate: candidateOf(fingerprint),
    });
    expect("reason" in refused ? refused.reason : "").toStartWith(
      "died within 10 s of taking over",
    );
  });

  test("with nothing where no file lies", async () => {
    await using dir = tempDir();
    expect(initialRollout(dir.at("nowhere"), [])).toEqual({ kind: "current" });
  });
});

test("of a tool its name and what it takes are remembered", () => {
  const tool = { name: "a", inputSchema: { type: "object" } };
  const described = { ...tool, description: "long" };
  expect(shownTool(described)).toEqual(tool);
});

describe("a client follows the catalogue", () => {
  const openedBy = (name: unknown) => {
    const { session } = sampleCapsule();
    const clientInfo = { name, version: "1" };
    const params = { ...initialize.params, clientInfo };
    const opening = [JSON.stringify({ ...initialize, params })];
    return { ...session, opening };
  };

  test("if it is known to", () => {
    expect(followsCatalogue(openedBy("claude-code"))).toBe(true);
    expect(followsCatalogue(openedBy("codex-mcp-client"))).toBe(false);
    expect(followsCatalogue(openedBy("unheard of"))).toBe(false);
    expect(followsCatalogue(openedBy(7))).toBe(false);
    expect(followsCatalogue({ ...openedBy(""), opening: ["{"] })).toBe(false);
    expect(followsCatalogue(coldSession)).toBe(false);
  });

  test("if it subscribed to it, and to nothing else", () => {
    const listening = (notifications: unknown) => {
      const frame = JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: "subscriptions/listen",
        params: { notifications },
      });
      const operation = "subscriptions/listen";
      const pending = [{ id: 1, operation, startedMs: 0, frame }];
      return followsCatalogue({ ...coldSession, pending });
    };
    expect(listening({ toolsListChanged: true })).toBe(true);
    expect(listening({ resourcesListChanged: true })).toBe(false);
    expect(listening({ toolsListChanged: false })).toBe(false);
    expect(listening({})).toBe(false);
    expect(listening(7)).toBe(false);
  });
});
