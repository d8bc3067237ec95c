// What was asked in a soak, against what the spools, the ledger and Claude's own list
// of starts say became of it.

import { expect } from "bun:test";
import { withTrueStatus } from "../../src/consult/listing.ts";
import { openLedger } from "../../src/consult/ledger.ts";
import { consultIds } from "../../src/consult/running.ts";
import { spoolAt } from "../../src/consult/spool.ts";
import { sessionIdOf } from "../../src/claude/command.ts";
import { fakeClaudeStarts } from "../fake-claude/fake-claude.ts";
import type { Fate, Question } from "./soak-calls.ts";

export interface Books {
  readonly ask: (model: string, fate: Fate) => Question;
  /** Questions, and the runs that they came to. Throws where one does not add up. */
  audit(): Promise<{ questions: number; runs: number; cancelled: number }>;
}

export interface Papers {
  readonly consultsDirectory: string;
  readonly ledgerPath: string;
  readonly startsFile: string;
}

const statuses: Readonly<Record<Fate, readonly string[]>> = {
  answered: ["done"],
  failed: ["failed"],
  ended: ["cancelled", "done"],
};

export function openBooks(papers: Papers): Books {
  const { consultsDirectory } = papers;
  const questions = new Map<string, Question>();

  const runsOf = () => {
    const ledger = openLedger({ path: papers.ledgerPath, consultsDirectory });
    try {
      return consultIds(consultsDirectory).map((id) => {
        const spool = spoolAt(consultsDirectory, id);
        return {
          id,
          question: questions.get(spool.readRequest()?.prompt ?? ""),
          outcome: spool.readOutcome(),
          row: ledger.get(id),
        };
      });
    } finally {
      ledger.close();
    }
  };

  return {
    ask: (model, fate) => {
      const prompt = `Question ${questions.size} for ${model}?`;
      const question = { prompt, model, fate, mayRunTwice: false };
      questions.set(prompt, question);
      return question;
    },
    audit: async () => {
      const starts = new Map<string, number>();
      for (const { argv } of await fakeClaudeStarts(papers.startsFile)) {
        const session = argv[argv.indexOf("--session-id") + 1] ?? "";
        starts.set(session, (starts.get(session) ?? 0) + 1);
      }
      const runs = runsOf();
      const timesRun = new Map<Question, number>();
      for (const { id, question, outcome, row } of runs) {
        if (question === undefined) throw new Error(`nobody asked for ${id}`);
        timesRun.set(question, (timesRun.get(question) ?? 0) + 1);
        const about = `${question.prompt} (${id})`;
        const status = outcome?.status ?? "none";
        expect(statuses[question.fate], about).toContain(status);
        // A row may be behind, where its runner was killed; nobody is told what it says.
        const told = row && withTrueStatus(row, consultsDirectory);
        expect(told?.status ?? "none", about).toBe(status);
        if (outcome?.status === "done") {
          const echo = question.model.startsWith("echoes");
          expect(outcome.answer.response).toBe(
            echo ? question.prompt : "The answer is 42.",
          );
        }
        // One that was cancelled may have been stopped before Claude was started.
        const times = starts.get(sessionIdOf(id)) ?? 0;
        const least = status === "cancelled" ? Math.min(times, 1) : 1;
        expect(times, about).toBe(least);
      }
      for (const question of questions.values()) {
        const times = timesRun.get(question) ?? 0;
        const least = question.fate === "ended" ? 0 : 1;
        expect(times, question.prompt).toBeGreaterThanOrEqual(least);
        expect(times, question.prompt).toBeLessThanOrEqual(
          question.mayRunTwice ? 2 : 1,
        );
      }
      return {
        questions: questions.size,
        runs: runs.length,
        cancelled: runs.filter(({ outcome }) => outcome?.status === "cancelled")
          .length,
      };
    },
  };
}
