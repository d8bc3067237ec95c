// Progress for whoever waits: at most five reports a second while something happens,
// one every five seconds while nothing does, so that silence always means trouble.

import type { Clock } from "../sys/clock.ts";
import type { Progress } from "./transcript.ts";

const minGapMs = 200;
const heartbeatMs = 5000;

export interface ProgressReporter {
  update(progress: Progress): void;
  queued(position: number): void;
  close(): void;
}

export function reportProgress(
  clock: Clock,
  /** `queuePosition` is 0 once its turn has come. */
  report: (elapsedMs: number, text: string, queuePosition: number) => void,
): ProgressReporter {
  const startedMs = clock.monotonicMs();
  let latest = describeProgress(undefined);
  let reported = latest;
  let place = 0;
  let reportedMs = startedMs;
  let takeBack = () => {};

  const send = () => {
    const nowMs = clock.monotonicMs();
    reportedMs = nowMs;
    reported = latest;
    report(Math.round(nowMs - startedMs), latest, place);
    schedule(heartbeatMs);
  };
  const schedule = (ms: number) => {
    takeBack();
    takeBack = clock.after(ms, send);
  };
  const tell = (text: string) => {
    latest = text;
    if (latest === reported) return;
    const waitMs = reportedMs + minGapMs - clock.monotonicMs();
    if (waitMs <= 0) send();
    else schedule(waitMs);
  };
  schedule(heartbeatMs);

  return {
    update: (progress) => {
      place = 0;
      tell(describeProgress(progress));
    },
    queued: (position) => {
      place = position;
      tell(
        position === 0
          ? describeProgress(undefined)
          : `queued at place ${position}`,
      );
    },
    close: () => takeBack(),
  };
}

/** One line, e.g. `turn 2: Read main.ts, 1.2 kB written`. */
export function describeProgress(progress: Progress | undefined): string {
  if (progress === undefined) return "starting Claude Code";
  if (progress.apiRetries > 0) {
    return `waiting for the API, retry ${progress.apiRetries}`;
  }
  if (progress.turns === 0) return "waiting for the model";
  const doing = progress.activity ?? "writing";
  if (progress.textLength === 0) {
    return `turn ${progress.turns}: ${progress.activity ?? "waiting for the model"}`;
  }
  return `turn ${progress.turns}: ${doing}, ${formatLength(progress.textLength)} written`;
}

function formatLength(characters: number): string {
  return characters < 1000
    ? `${characters} characters`
    : `${(characters / 1000).toFixed(1)} kB`;
}
