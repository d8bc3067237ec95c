// Where state lives, after design §5.5 and the XDG specification.

import { expect, test } from "bun:test";
import { statePaths } from "../../src/sys/paths.ts";

const under = (root: string) => ({
  root,
  consults: `${root}/consults`,
  ledger: `${root}/ledger.sqlite`,
  hosts: `${root}/hosts`,
  telemetryLog: `${root}/mcp/telemetry.jsonl`,
  capsules: `${root}/mcp`,
  handoffs: `${root}/mcp/handoffs`,
  claudeVersions: `${root}/claude-versions.json`,
});

test("an absolute XDG_STATE_HOME is obeyed", () => {
  expect(statePaths({ XDG_STATE_HOME: "/var/state" }, "/home/ann")).toEqual(
    under("/var/state/phone_opus"),
  );
});

test("a trailing slash makes no other place", () => {
  expect(statePaths({ XDG_STATE_HOME: "/var/state/" }, "/home/ann")).toEqual(
    under("/var/state/phone_opus"),
  );
});

test.each([[undefined], [""], ["state"], ["./state"], ["~/state"]])(
  "with XDG_STATE_HOME=%p it is ~/.local/state",
  (configured) => {
    expect(statePaths({ XDG_STATE_HOME: configured }, "/home/ann")).toEqual(
      under("/home/ann/.local/state/phone_opus"),
    );
  },
);
