// `phone-opus doctor`: is everything in place, and with --prove: does read-only hold.

import { defineCommand } from "citty";
import type { JsonObject } from "../base/json.ts";
import { version } from "../base/version.ts";
import { isProven, prove, summarise } from "../prove/prove.ts";
import type { TrialResult } from "../prove/run-scenario.ts";
import { productSubject } from "../prove/subject.ts";
import { suite } from "../prove/suite.ts";
import { type Clock } from "../sys/clock.ts";
import { spawnOnFiles } from "../sys/spawn.ts";
import { alignColumns } from "./columns.ts";
import { examine, type Finding, type Patient } from "./doctor-findings.ts";
import { exitCodes } from "./exit-codes.ts";
import type { Report } from "./report.ts";

export const doctorArguments = {
  prove: {
    type: "boolean",
    description:
      "Attack your own Claude Code with a scripted model: does read-only hold? Costs no tokens",
  },
  json: { type: "boolean", description: "Print JSON" },
  quiet: { type: "boolean", description: "No progress on standard error" },
} as const;

export const doctorDefinition = defineCommand({
  meta: {
    name: "phone-opus doctor",
    description: "Look whether everything is in place, and what to do if not",
  },
  args: doctorArguments,
});

export const doctorExamples = [
  "phone-opus doctor",
  "phone-opus doctor --prove",
  "phone-opus doctor --prove --json | jq '.proof.summary'",
];

export interface DoctorCommand {
  readonly options: JsonObject;
  readonly patient: Patient;
  readonly clock: Clock;
  readonly report: Report;
  readonly interrupt: AbortSignal;
}

export async function doctorCommand(command: DoctorCommand): Promise<number> {
  const { options, patient, report } = command;
  const wantsJson = options["json"] === true;
  const { findings, claude, exitCode } = await examine(patient);
  if (!wantsJson) await report.answer(findingsTable(findings));
  if (options["prove"] !== true) {
    if (wantsJson) await report.answer(JSON.stringify({ findings }));
    return exitCode;
  }
  if (!claude.ok) {
    if (wantsJson) await report.answer(JSON.stringify({ findings }));
    report.error("nothing can be proven without a Claude Code that runs");
    return exitCode;
  }
  const results = await proveRun(command, claude.path);
  const summary = summarise(results);
  const proof = {
    phone_opus_version: version,
    claude_version: claude.version,
    is_proven: isProven(summary),
    summary,
    results: results.map(({ scenario, trial, verdict }) => ({
      scenario,
      trial,
      ...verdict,
    })),
  };
  await report.answer(
    wantsJson
      ? JSON.stringify({ findings, proof })
      : alignColumns(results.map(rowOf)),
  );
  if (command.interrupt.aborted) {
    report.error(`${String(command.interrupt.reason)}; nothing is proven.`);
    return exitCodes.interrupted;
  }
  const counts = Object.entries(summary)
    .filter(([, count]) => count > 0)
    .map(([outcome, count]) => `${count} ${outcome.replaceAll("_", " ")}`);
  report.info(counts.join(", "));
  if (proof.is_proven) return exitCodes.answer;
  report.error(
    summary.got_through > 0
      ? "read-only does NOT hold here: see what got through, and report it"
      : "read-only is not proven here: see what is broken or inconclusive, and try again",
  );
  return exitCodes.failed;
}

/** A Claude Code that does nothing for this long is stuck: its start takes a second. */
const idleMs = 45_000;
const width = 3;

function proveRun(
  { patient, clock, report, interrupt }: DoctorCommand,
  claudePath: string,
): Promise<TrialResult[]> {
  const { program, environment } = patient;
  return prove({
    scenarios: suite,
    subject: productSubject({ program, claudePath, environment }),
    ports: {
      clock,
      spawn: spawnOnFiles,
      environment,
      signal: interrupt,
      idleMs,
    },
    width,
    onScenario: ({ done, total, scenario }) =>
      report.progress(`${done} of ${total} done, now ${scenario}`),
  });
}

function findingsTable(findings: readonly Finding[]): string {
  return alignColumns(
    findings.map(({ level, name, text }) => [level, name, text]),
  );
}

function rowOf({ scenario, trial, verdict }: TrialResult): string[] {
  const by =
    verdict.outcome === "blocked" && verdict.by !== null ? verdict.by : "";
  // How something was blocked is for --json; here it would hide what was not.
  const detail =
    verdict.outcome === "works" || verdict.outcome === "blocked"
      ? ""
      : verdict.detail;
  return [
    verdict.outcome.replaceAll("_", " "),
    by,
    scenario,
    trial.replaceAll("\n", "\\n"),
    detail,
  ];
}
