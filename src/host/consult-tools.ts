// The tools that start, await, end and list consults, from checked arguments to a
// result.

import type { z } from "zod";
import { type FaultRecord, faultRecord } from "../base/fault.ts";
import { type ConsultId, consultIdSchema } from "../base/ids.ts";
import { describeError } from "../base/json.ts";
import { requestCancel } from "../consult/custody.ts";
import { type LedgerOptions, openLedger } from "../consult/ledger.ts";
import { listConsults } from "../consult/listing.ts";
import { spoolAt } from "../consult/spool.ts";
import { listText, projectRunning, runningText } from "../render/custody.ts";
import { answerText } from "../render/porcelain.ts";
import { projectAnswer } from "../render/projection.ts";
import {
  faultResult,
  type ToolResult,
  toolResult,
} from "../render/tool-result.ts";
import type { consultArgumentsSchema } from "../tools/consult.ts";
import type {
  cancelArgumentsSchema,
  listArgumentsSchema,
  waitArgumentsSchema,
} from "../tools/custody.ts";
import type { Presentation } from "../tools/presentation.ts";
import type { ConsultResult, Consults } from "./consults.ts";
import type { ToolCall } from "./dispatch.ts";
import type { Invocations } from "./invocations.ts";

export interface ConsultToolsOptions {
  readonly consults: Consults;
  readonly ledger: LedgerOptions;
  readonly invocations: Invocations;
  /** How long a call of this client waits when it does not say. */
  readonly waitMs: (call: ToolCall) => number;
  /** The result of this call is the end of this consult. */
  readonly onConcluded: (call: ToolCall, consultId: ConsultId) => void;
}

export interface ConsultTools {
  consult(
    call: ToolCall,
    parsed: z.infer<typeof consultArgumentsSchema>,
  ): Promise<ToolResult>;
  wait(
    call: ToolCall,
    parsed: z.infer<typeof waitArgumentsSchema>,
  ): Promise<ToolResult>;
  cancel(
    call: ToolCall,
    parsed: z.infer<typeof cancelArgumentsSchema>,
  ): Promise<ToolResult>;
  list(parsed: z.infer<typeof listArgumentsSchema>): ToolResult;
}

export function createConsultTools(options: ConsultToolsOptions): ConsultTools {
  const { consults, ledger, invocations } = options;

  // A cancelled request is not answered, and its id may be another's by now.
  const conclude = (call: ToolCall, consultId: ConsultId) => {
    if (!call.signal.aborted) options.onConcluded(call, consultId);
  };

  const present = (
    call: ToolCall,
    result: ConsultResult,
    presentation: Presentation,
  ): ToolResult => {
    switch (result.kind) {
      case "running": {
        const running = {
          consult_id: result.consultId,
          elapsed_ms: Math.round(result.elapsedMs),
          progress: result.message,
        };
        return toolResult(presentation, {
          text: () => runningText(running),
          json: () => projectRunning(running),
        });
      }
      case "fault": {
        const { consult_id } = result.fault;
        if (consult_id !== undefined) conclude(call, consult_id);
        return faultResult(result.fault);
      }
      case "answer": {
        const { answer, isAttached } = result;
        const { detail } = presentation;
        conclude(call, answer.consult_id);
        return toolResult(presentation, {
          text: () => answerText(answer, detail, isAttached),
          json: () => projectAnswer(answer, detail, isAttached),
        });
      }
    }
  };

  const attachTo = (call: ToolCall, consultId: ConsultId, waitMs: number) =>
    consults.run({
      ...call,
      kind: "attach",
      consultId,
      arguments: {},
      waitMs,
      resumedFromMs: invocations.resumedFromMs(call.requestId),
    });

  return {
    consult: async (call, { render, detail, wait_s, ...question }) => {
      const invocation = invocations.begin(call.requestId);
      try {
        const result = await consults.run({
          ...call,
          ...invocation,
          kind: "consult",
          onAccepted: (id) =>
            invocations.attach(call.requestId, invocation, id),
          arguments: question,
          waitMs: wait_s === undefined ? options.waitMs(call) : wait_s * 1000,
        });
        return present(call, result, { render, detail });
      } finally {
        invocations.end(call.requestId, invocation);
      }
    },
    wait: async (call, { consult_id, wait_s, ...presentation }) => {
      const id = consultIdSchema.parse(consult_id);
      const waitMs =
        wait_s === undefined ? options.waitMs(call) : wait_s * 1000;
      return present(call, await attachTo(call, id, waitMs), presentation);
    },
    cancel: async (call, { consult_id, ...presentation }) => {
      const id = consultIdSchema.parse(consult_id);
      const spool = spoolAt(ledger.consultsDirectory, id);
      if (!spool.exists()) return faultResult(noSuchConsult(id));
      if (!spool.hasOutcome()) {
        requestCancel(spool.directory, "The consult was cancelled on request.");
      }
      return present(
        call,
        await attachTo(call, id, options.waitMs(call)),
        presentation,
      );
    },
    list: ({ limit, running_only, ...presentation }) => {
      try {
        const opened = openLedger(ledger);
        try {
          const listed = listConsults(opened, {
            consultsDirectory: ledger.consultsDirectory,
            limit,
            isRunningOnly: running_only,
          });
          return toolResult(presentation, {
            text: () => listText(listed),
            json: () => ({ consults: listed }),
          });
        } finally {
          opened.close();
        }
      } catch (error) {
        return faultResult(
          faultRecord({
            code: "process_failure",
            stage: "host",
            operation: "tools/call:consult_list",
            detail: `The list of consults cannot be read (${describeError(error)}): correct that, the answers themselves are kept in ${ledger.consultsDirectory}.`,
          }),
        );
      }
    },
  };
}

function noSuchConsult(id: ConsultId): FaultRecord {
  return faultRecord({
    code: "invalid_input",
    stage: "host",
    operation: "tools/call:consult_cancel",
    detail: `There is no consult ${id}: see consult_list for those that are kept.`,
  });
}
