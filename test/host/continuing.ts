// Hosts that become one another inside the test: the image is never replaced, but what
// the next one would be given is kept, and a next one can be made of it.

import { renameSync, writeFileSync } from "node:fs";
import { type Capsule } from "../../src/host/capsule.ts";
import {
  type LoadedCapsule,
  takeOwnCapsule,
} from "../../src/host/capsule-file.ts";
import { createHost } from "../../src/host/host.ts";
import { offeredTools } from "../../src/host/mcp.ts";
import { shownTool } from "../../src/host/succession.ts";
import { fingerprintFile } from "../../src/sys/fingerprint.ts";
import { statePaths } from "../../src/sys/paths.ts";
import { createFakeClock, type FakeClock } from "../helpers/clock.ts";
import { type TempDir, tempDir } from "../helpers/temp-dir.ts";
import { fakeCandidates, proof } from "./fake-candidate.ts";
import { fakeSpawn } from "./fake-worker.ts";
import { memoryOutput } from "./memory-output.ts";
import { initialize } from "./sessions.ts";

export interface Replacement {
  readonly path: string;
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly loaded: LoadedCapsule;
}

export interface Continuing {
  readonly environment?: Readonly<Record<string, string>>;
  readonly earlier?: LoadedCapsule;
  /** The image before. */
  readonly after?: Incumbent;
}

/** What stays when one image becomes another. */
export interface Incumbent {
  readonly place: TempDir;
  readonly clock: FakeClock;
}

/** What this version offers, as it would be shown. */
export const ownTools = () => offeredTools().map(shownTool);

export function continuing(options: Continuing = {}) {
  const { after, earlier } = options;
  const place: TempDir = after?.place ?? tempDir();
  const launchPath = place.at("phone-opus");
  if (after === undefined) writeFileSync(launchPath, "the binary");
  const clock = after?.clock ?? createFakeClock();
  const workers = fakeSpawn();
  const candidates = fakeCandidates();
  const output = memoryOutput();
  const logged: string[] = [];
  const signals: string[] = [];
  const replacements: Replacement[] = [];
  let isDrained = true;
  const paths = statePaths({ XDG_STATE_HOME: place.path }, place.path);
  const host = createHost({
    program: ["/proc/self/exe"],
    launchPath,
    workingDirectory: place.path,
    environment: { PATH: "/bin", ...options.environment },
    paths,
    clock,
    spawn: (request) =>
      request.command.at(-1) === "--prove"
        ? candidates.spawn(request)
        : workers.spawn(request),
    output,
    onPressure: () => {},
    log: (line) => logged.push(line),
    kernel: { kind: "landlock", abi: 7 },
    earlier,
    rollout: {
      replaceImage: (path, words, environment) => {
        const capsule = environment["PHONE_OPUS_MCP_HOST_STATE"] ?? "";
        const loaded = takeOwnCapsule(paths.capsules, capsule);
        replacements.push({ path, words, environment, loaded });
        throw new Error("EPERM: not in a test");
      },
      ownFingerprint: fingerprintFile(launchPath),
      ownPath: launchPath,
      newToken: () => crypto.randomUUID(),
      isInputDrained: () => isDrained,
      signals: { hold: () => {}, release: () => {} },
      onHandoff: (isUnderWay) => signals.push(isUnderWay ? "hidden" : "shown"),
    },
  });
  const write = (text: string) => host.receive(Buffer.from(text));
  const send = (message: unknown) => write(`${JSON.stringify(message)}\n`);

  /** Lets time pass in steps until the fact holds. */
  const drive = async (what: string, fact: () => boolean, stepMs = 20) => {
    for (let step = 0; !fact(); step += 1) {
      if (step > 10_000) {
        throw new Error(`waited in vain until ${what}; ${logged.join("; ")}`);
      }
      clock.advance(stepMs);
      for (const worker of workers.workers) {
        if (worker.isStdinClosed()) worker.die({ code: 0 });
      }
      // Disks keep their own time.
      await Bun.sleep(step < 500 ? 0 : 1);
    }
  };
  const answersTo = (id: string | number) =>
    output.lines.filter((line) => line.includes(`"id":${JSON.stringify(id)}`));
  const answer = async (id: string | number): Promise<unknown> => {
    await drive(`${id} is answered`, () => answersTo(id).length > 0);
    return JSON.parse(answersTo(id)[0] ?? "");
  };
  const call = (id: number, name: string, args: unknown = {}, meta?: unknown) =>
    send({
      jsonrpc: "2.0",
      id,
      method: "tools/call",
      params: { name, arguments: args, ...(meta ? { _meta: meta } : {}) },
    });
  /** Another file takes the place of the binary. */
  const put = (contents: string) => {
    writeFileSync(place.at("new"), contents);
    renameSync(place.at("new"), launchPath);
  };
  return {
    place,
    launchPath,
    clock,
    paths,
    host,
    workers,
    candidates,
    output,
    logged,
    signals,
    replacements,
    write,
    send,
    call,
    drive,
    answer,
    answersTo,
    put,
    setDrained: (is: boolean) => {
      isDrained = is;
    },
    health: async (id: number) => {
      call(id, "health_snapshot", { render: "json", detail: "full" });
      return answer(id);
    },
    telemetry: async (id: number) => {
      call(id, "telemetry_snapshot", { render: "json", detail: "full" });
      return answer(id);
    },
    /** Another binary is put there and rehearsed: it offers `tools`. */
    swap: async (contents: string, tools: readonly unknown[] = ownTools()) => {
      put(contents);
      const count = candidates.started.length;
      await drive("it is rehearsed", () => candidates.started.length > count);
      const candidate = await candidates.candidate(count + 1);
      candidate.print(proof(tools));
      candidate.end();
    },
    /** What the image after this one was given, the n-th time. */
    capsule: async (count = 1): Promise<Capsule> => {
      await drive("it is handed over", () => replacements.length >= count);
      const loaded = replacements[count - 1]?.loaded;
      if (loaded?.ok !== true) throw new Error(loaded?.problem);
      return loaded.capsule;
    },
    [Symbol.asyncDispose]: async () => {
      host.end();
      if (after === undefined) await place[Symbol.asyncDispose]();
    },
  };
}

export const initialized = {
  jsonrpc: "2.0",
  method: "notifications/initialized",
};
/** Lets everything happen that needs no time. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Bun.sleep(0);
}

export const frameOf = (message: unknown) => JSON.stringify(message);

/** A host with a client of the older era. */
export async function opened(clientName = "test", environment = {}) {
  const here = continuing({ environment });
  const { params } = initialize;
  const clientInfo = { name: clientName, version: "1" };
  here.send({ ...initialize, params: { ...params, clientInfo } });
  await here.answer("init");
  here.send(initialized);
  return here;
}

/** The host that goes on after `incumbent`, with its capsule or changes to it. */
export function successor(
  incumbent: Incumbent,
  capsule: Capsule,
  environment: Readonly<Record<string, string>> = {},
) {
  const next = continuing({
    after: incumbent,
    earlier: { ok: true, capsule },
    environment,
  });
  next.host.goOn();
  return next;
}
