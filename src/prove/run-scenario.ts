// Plays one scenario against one subject: sets the stage, lets the scripted model act,
// waits for the end, looks at the disk, strikes the stage. Trials that a hang or a crash
// kept from being tried are played again without the one that was being tried.

import { join } from "node:path";
import { startMessagesApi } from "../messages-api/messages-api.ts";
import { type Clock, sleep } from "../sys/clock.ts";
import { listProcesses, processesOfRun } from "../sys/processes.ts";
import type { Environment } from "../sys/settings.ts";
import type { SpawnOnFiles } from "../sys/spawn.ts";
import { killRun, stopRun } from "../sys/stop.ts";
import { createDialogue, type Dialogue } from "./dialogue.ts";
import { describeFile, setStage, type Stage } from "./stage.ts";
import {
  scriptedKey,
  stageEnvironment,
  stageMarker,
  type Subject,
} from "./subject.ts";
import type { Scenario } from "./trial.ts";
import { judge, type Verdict } from "./verdict.ts";

export interface ProvePorts {
  readonly clock: Clock;
  readonly spawn: SpawnOnFiles;
  readonly environment: Environment;
  readonly signal: AbortSignal;
  /** Longest time without a request of Claude Code's. */
  readonly idleMs: number;
}

export interface TrialResult {
  readonly scenario: string;
  readonly trial: string;
  readonly verdict: Verdict;
}

/** How often what was not reached is tried again. */
const maximumRounds = 4;

export async function runScenario(
  scenario: Scenario,
  subject: Subject,
  ports: ProvePorts,
): Promise<TrialResult[]> {
  const verdicts: (Verdict | undefined)[] = scenario.trials.map(
    () => undefined,
  );
  const skipped = new Set<number>();
  for (let round = 0; round < maximumRounds; round += 1) {
    if (ports.signal.aborted) break;
    const { stuckAt, found } = await play(scenario, subject, ports, skipped);
    for (const [index, verdict] of found.entries()) {
      if (skipped.has(index)) continue;
      verdicts[index] = verdict;
      // What was planted waits for a whole run, and is there in the next one, too.
      const isTried = verdict.outcome !== "inconclusive" || index === stuckAt;
      if (isTried) skipped.add(index);
    }
    if (stuckAt === undefined) break;
  }
  return scenario.trials.map((trial, index) => ({
    scenario: scenario.name,
    trial: trial.name,
    verdict: verdicts[index] ?? {
      outcome: "inconclusive",
      detail: "it was not tried: stopped before",
    },
  }));
}

interface Played {
  readonly found: readonly Verdict[];
  /** The trial during which the run came to nothing. */
  readonly stuckAt: number | undefined;
}

async function play(
  scenario: Scenario,
  subject: Subject,
  ports: ProvePorts,
  skipped: ReadonlySet<number>,
): Promise<Played> {
  await using thief = startMessagesApi([{ kind: "text", text: "Thanks." }]);
  const stage = setStage({ scenario, thiefUrl: thief.url, key: scriptedKey });
  try {
    const dialogue = createDialogue(stage, skipped);
    await using api = startMessagesApi((request) => dialogue.answer(request), {
      side: (request) => dialogue.answerAside(request),
    });
    const ending = await runSubject(stage, subject, api.url, dialogue, ports);
    await settle(stage, ports);
    const thefts = [
      ...[...thief.requests, ...thief.sideRequests].map(({ path }) => path),
      ...thief.otherRequests,
    ];
    return {
      found: verdictsOf(stage, dialogue, thefts, ending),
      stuckAt: dialogue.pending(),
    };
  } finally {
    await killRun(
      { leader: undefined, group: undefined, marker: stageMarker(stage) },
      ports.clock,
    );
    stage.strike();
  }
}

/** Resolves with a few words on how it ended. */
async function runSubject(
  stage: Stage,
  subject: Subject,
  apiUrl: string,
  dialogue: Dialogue,
  ports: ProvePorts,
): Promise<string> {
  const promptPath = join(stage.root, "prompt");
  await Bun.write(promptPath, stage.prompt);
  const started = ports.spawn({
    ...subject.launch(
      stage,
      stageEnvironment(stage, apiUrl, ports.environment),
    ),
    stdinPath: promptPath,
    stdoutPath: join(stage.root, "stdout"),
    stderrPath: join(stage.root, "stderr"),
  });
  if (!started.ok) return `it could not be started (${started.reason})`;
  const { process } = started;
  const over = new AbortController();
  const ended = process.exited.then((exit) => {
    over.abort();
    return exit;
  });
  const isStuck = await waitForSilence(dialogue, ports, over.signal);
  if (isStuck) {
    const marker = stageMarker(stage);
    await stopRun({ process, marker, clock: ports.clock, graceMs: 2000 });
    return ports.signal.aborted
      ? "it was interrupted"
      : `it did nothing for ${ports.idleMs / 1000} s and was stopped`;
  }
  const { code, signal } = await ended;
  const said = await Bun.file(join(stage.root, "stderr")).text();
  return `it ended with ${signal ?? `exit code ${code}`}${said === "" ? "" : `: ${said.trim().slice(0, 200)}`}`;
}

const lookMs = 250;

/** True when nothing was asked for too long, or it was interrupted; false at the end. */
async function waitForSilence(
  dialogue: Dialogue,
  { clock, signal, idleMs }: ProvePorts,
  over: AbortSignal,
): Promise<boolean> {
  let seen = dialogue.requests();
  let since = clock.monotonicMs();
  const either = AbortSignal.any([over, signal]);
  while (!either.aborted) {
    await sleep(clock, lookMs, either);
    if (dialogue.requests() !== seen) {
      seen = dialogue.requests();
      since = clock.monotonicMs();
    }
    if (clock.monotonicMs() - since > idleMs) return true;
  }
  return !over.aborted;
}

const settleMs = 3000;

/** What was left in the background gets its chance before anybody looks at the disk. */
async function settle(
  stage: Stage,
  { clock, signal }: ProvePorts,
): Promise<void> {
  const until = clock.monotonicMs() + settleMs;
  const marker = stageMarker(stage);
  const isAlive = () =>
    processesOfRun(
      { leader: undefined, group: undefined, marker },
      listProcesses(),
    ).length > 0;
  while (isAlive() && clock.monotonicMs() < until && !signal.aborted) {
    await sleep(clock, 50, signal);
  }
}

function verdictsOf(
  stage: Stage,
  dialogue: Dialogue,
  thefts: readonly string[],
  ending: string,
): Verdict[] {
  const canaries = stage.canaries();
  return stage.trials.map((staged, index) => {
    const { trial, canary, kept, betrayal, tells } = staged;
    const result = dialogue.results.get(index);
    const harms = [
      ...(canaries.has(canary) ? ["a file was made"] : []),
      ...[...kept].flatMap(([path, before]) =>
        describeFile(path) === before
          ? []
          : [`${path.slice(stage.root.length + 1)} changed`],
      ),
      ...(thefts.some((path) => path.includes(canary))
        ? ["a foreign server was asked"]
        : []),
      ...(dialogue.told.has(index) ? ["the text reached the model"] : []),
      ...(trial.kind === "call" &&
      betrayal !== undefined &&
      betrays(result?.text ?? "", betrayal)
        ? ["the text reached the model"]
        : []),
      ...(trial.kind === "call" &&
      trial.mustBeUnknown === true &&
      result?.text.includes("No such tool") === false
        ? ["the tool was there"]
        : []),
    ];
    const verdict = judge({
      trial,
      result,
      isOver: dialogue.isOver(),
      harms,
      isTold: tells !== undefined && (result?.text ?? "").includes(tells),
    });
    return verdict.outcome === "inconclusive"
      ? { ...verdict, detail: `${verdict.detail}: ${ending}` }
      : verdict;
  });
}

/** A secret is out in whatever spelling. */
function betrays(text: string, betrayal: string): boolean {
  const bytes = Buffer.from(betrayal);
  // Base64 of a part depends on where it starts: its inside is what is looked for.
  const encoded = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), bytes])
      .toString("base64")
      .replace(/=+$/, "")
      .slice(shift === 0 ? 0 : shift + 1, -2),
  );
  const packed = text.replaceAll(/\s/g, "");
  return (
    text.includes(betrayal) ||
    packed.includes(bytes.toString("hex")) ||
    encoded.some((form) => packed.includes(form))
  );
}
