// The command tree for help: the root and `mcp`. Commands that run have theirs beside
// them.

import { defineCommand } from "citty";
import { version } from "../base/version.ts";
import { consultDefinition } from "./consult.ts";
import {
  cancelDefinition,
  gcDefinition,
  psDefinition,
  waitDefinition,
} from "./custody.ts";
import { doctorDefinition } from "./doctor.ts";
import { historyDefinition } from "./history.ts";

// `mcp serve` and `mcp worker` never get here to run: main.ts starts them itself,
// without the weight of this module. They stand here for the help.
export const mcpDefinition = defineCommand({
  meta: { name: "phone-opus mcp", description: "The MCP server" },
  subCommands: {
    serve: defineCommand({
      meta: {
        name: "serve",
        description: "Serve MCP on standard input and output",
      },
    }),
    reload: defineCommand({
      meta: {
        name: "reload",
        description:
          "Let every running server, or the one with this pid, begin afresh",
      },
    }),
    worker: defineCommand({
      meta: {
        name: "worker",
        description: "Run consults for a host; started by serve",
        hidden: true,
      },
    }),
  },
});

export const mcpExamples = [
  "phone-opus mcp serve",
  "phone-opus mcp reload",
  "phone-opus mcp reload 4242",
];

export const rootDefinition = defineCommand({
  meta: {
    name: "phone-opus",
    version,
    description: "Ask your own Claude Code, read-only, over MCP or from here",
  },
  args: {
    version: { type: "boolean", description: "Print the version" },
  },
  subCommands: {
    consult: consultDefinition,
    history: historyDefinition,
    wait: waitDefinition,
    cancel: cancelDefinition,
    ps: psDefinition,
    gc: gcDefinition,
    doctor: doctorDefinition,
    mcp: mcpDefinition,
  },
});

export const rootExamples = [
  'phone-opus consult "Why does the retry test hang?"',
  "git diff | phone-opus consult -",
  "phone-opus mcp serve    # what an MCP client's configuration starts",
];
