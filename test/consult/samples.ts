// What a downstream replies at least, and at most.

import type { DownstreamReply } from "../../src/consult/answer.ts";

export const bareReply: DownstreamReply = {
  response: "",
  durationMs: 0,
  durationApiMs: undefined,
  turns: 0,
  stopReason: undefined,
  sessionId: undefined,
  totalCostUsd: undefined,
  usage: undefined,
  modelUsage: undefined,
  model: undefined,
  permissionDenials: [],
  fastModeState: undefined,
  uuid: undefined,
};

export const fullReply: DownstreamReply = {
  response: "Because.\r\n",
  durationMs: 1200.5,
  durationApiMs: 900,
  turns: 2,
  stopReason: "end_turn",
  sessionId: "s",
  totalCostUsd: 0,
  usage: { input_tokens: 1 },
  modelUsage: { opus: { costUSD: 0 } },
  model: "opus",
  permissionDenials: [{ tool_name: "Write" }],
  fastModeState: "off",
  uuid: "u",
};
