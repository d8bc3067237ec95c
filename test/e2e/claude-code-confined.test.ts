// The real Claude Code behind the compiled binary, held by the kernel: it answers, reads
// and resumes, leaves nothing but its transcript, and cannot read what is denied. Where
// the kernel has no Landlock, the record says that nothing was held.

import { expect, setDefaultTimeout, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { sandboxRecordSchema } from "../../src/base/sandbox.ts";
import { kernelLayer } from "../../src/sandbox/probe.ts";
import type { RecordedRequest } from "../../src/messages-api/request.ts";
import {
  type Step,
  stepOf,
  type ToolCall,
} from "../../src/messages-api/script.ts";
import { filesBelow, startWorld, type World } from "./claude-code.ts";

setDefaultTimeout(60_000);

const kernel = kernelLayer();
const bash = (command: string): ToolCall => ({
  name: "Bash",
  input: { command, description: "Look" },
});
const use = (...calls: ToolCall[]): Step => ({ kind: "tool", calls });
const done: Step = { kind: "text", text: "I looked." };

const read = (world: World, path: string): ToolCall => ({
  name: "Read",
  input: { file_path: join(world.project, path) },
});

const spoolOf = (world: World, id: string) =>
  join(world.state, "phone_opus/consults", id);

const sandboxOf = (world: World, id: string) =>
  z
    .object({ sandbox: sandboxRecordSchema })
    .parse(
      JSON.parse(readFileSync(join(spoolOf(world, id), "run.json"), "utf8")),
    ).sandbox;

const told = (world: World) =>
  JSON.stringify(world.api.requests.at(-1)?.body.messages);

/** `NoNewPrivs` of the processes of Claude that live now. */
function privileges(world: World): string[] {
  return world
    .processes()
    .filter((line) => / -p --output-format /.test(line))
    .map((line) => readFileSync(`/proc/${parseInt(line)}/status`, "utf8"))
    .flatMap((status) => status.match(/NoNewPrivs:\s*(\d)/)?.[1] ?? []);
}

async function startConfined(
  steps: readonly Step[],
  onRequest: (world: World, index: number) => void = () => {},
  environment: Readonly<Record<string, string>> = {},
): Promise<World> {
  let world: World | undefined;
  const script = (request: RecordedRequest, index: number) => {
    if (world !== undefined) onRequest(world, index);
    return stepOf(steps, request, index);
  };
  world = await startWorld(script, { environment });
  await world.write("notes.txt", "The trumpet is in B flat.\n");
  await world.write(".env", "TOKEN=the-secret-of-env\n");
  await world.write(".env.example", "TOKEN=an-example\n");
  await world.write("certs/server.pem", "the-secret-of-pem\n");
  mkdirSync(join(world.home, ".ssh"));
  writeFileSync(join(world.home, ".ssh", "id_rsa"), "the-secret-of-ssh\n");
  return world;
}

if (kernel.kind === "landlock") {
  test("Claude answers, resumes and forks, and leaves nothing but its transcripts", async () => {
    const seen: string[] = [];
    await using world = await startConfined(
      [use(bash("cat notes.txt | wc -l"), bash("git status")), done],
      (here) => seen.push(...privileges(here)),
    );
    const first = await world.answer(["In which key is the trumpet?"]);
    expect(sandboxOf(world, first.consult_id)).toMatchObject({
      kind: "landlock",
      is_complete: kernel.abi >= 6,
    });
    // The very process that asked the API had given up its rights.
    expect(seen.length).toBeGreaterThan(0);
    expect(new Set(seen)).toEqual(new Set(["1"]));
    const second = await world.answer(["--resume", first.consult_id, "Why?"]);
    expect(second.session_id).toBe(first.session_id);
    const third = await world.answer([
      "--resume",
      first.consult_id,
      "--fork",
      "And?",
    ]);
    const slug = world.project.replaceAll(/[^a-zA-Z0-9]/g, "-");
    const kept = Object.keys(await filesBelow(world.home));
    expect(kept.toSorted()).toEqual(
      [
        ".ssh/id_rsa",
        `.claude/projects/${slug}/${first.session_id}.jsonl`,
        `.claude/projects/${slug}/${third.session_id}.jsonl`,
      ].toSorted(),
    );
    for (const { consult_id } of [first, second, third]) {
      expect(existsSync(join(spoolOf(world, consult_id), "tmp"))).toBe(false);
    }
  });

  test("what is denied reaches the model by no tool, what is not does", async () => {
    const steps: Step[] = [];
    await using world = await startConfined(steps);
    symlinkSync(
      join(world.home, ".ssh", "id_rsa"),
      join(world.project, "innocent.txt"),
    );
    steps.push(
      use(
        bash("cat .env"),
        bash("cat < certs/server.pem"),
        bash("cat innocent.txt"),
        bash("grep -rn secret . ; cat .env.example notes.txt"),
        bash("head -c 99 certs/*"),
        bash("tail -n 3 .e*"),
        read(world, ".env"),
        read(world, "certs/server.pem"),
        read(world, "innocent.txt"),
        { name: "Grep", input: { pattern: "secret", output_mode: "content" } },
      ),
      done,
    );
    await world.answer(["What is secret here?"]);
    expect(told(world)).not.toContain("the-secret-of");
    expect(told(world)).toContain("Permission denied");
    expect(told(world)).toContain("The trumpet is in B flat.");
    expect(told(world)).toContain("TOKEN=an-example");
  });

  test("without the kernel Claude's own rules deny what its tools and cat would read", async () => {
    const steps: Step[] = [];
    await using world = await startConfined(steps, undefined, {
      PHONE_OPUS_SANDBOX: "off",
    });
    steps.push(
      use(
        bash("cat .env"),
        bash("cat notes.txt"),
        read(world, ".env"),
        read(world, "certs/server.pem"),
        { name: "Grep", input: { pattern: "secret", output_mode: "content" } },
      ),
      done,
    );
    const answer = await world.answer(["Look."]);
    expect(sandboxOf(world, answer.consult_id).kind).toBe("none");
    expect(told(world)).not.toContain("the-secret-of");
    expect(told(world)).toContain("The trumpet is in B flat.");
  });

  test("PHONE_OPUS_DENY_READ=none denies nothing", async () => {
    await using world = await startConfined(
      [use(bash("cat .env")), done],
      undefined,
      { PHONE_OPUS_DENY_READ: "none" },
    );
    await world.answer(["Look."]);
    expect(told(world)).toContain("the-secret-of-env");
  });

  test("the user's other session may replace Claude's configuration meanwhile", async () => {
    await using world = await startConfined(
      [use(bash("ls")), use(bash("cat notes.txt")), done],
      (here, index) => {
        if (index !== 0) return;
        const path = join(here.home, ".claude.json");
        writeFileSync(`${path}.new`, '{"numStartups":3}');
        renameSync(`${path}.new`, path);
      },
    );
    const path = join(world.home, ".claude.json");
    writeFileSync(path, '{"numStartups":2}');
    const answer = await world.answer(["Look."]);
    expect(answer.response).toBe("I looked.");
    expect(readFileSync(path, "utf8")).toBe('{"numStartups":3}');
  });

  test("required runs under it, and health tells of it", async () => {
    await using world = await startConfined([done], undefined, {
      PHONE_OPUS_SANDBOX: "required",
    });
    const answer = await world.answer(["Hello."]);
    expect(sandboxOf(world, answer.consult_id).kind).toBe("landlock");
    await using session = await world.connect();
    const health = await session.client.callTool({
      name: "health_snapshot",
      arguments: { detail: "full" },
    });
    expect(JSON.stringify(health)).toContain(
      `sandbox: required, landlock: Landlock ABI ${kernel.abi}`,
    );
  });
} else {
  test("the record says that nothing was held, and why", async () => {
    await using world = await startConfined([done]);
    const { consult_id } = await world.answer(["Hello."]);
    const { kind, is_complete } = sandboxOf(world, consult_id);
    expect([kind, is_complete]).toEqual([kernel.kind, false]);
  });

  test("required refuses before anything is asked", async () => {
    await using world = await startConfined([done], undefined, {
      PHONE_OPUS_SANDBOX: "required",
    });
    const { record } = await world.fault(["Hello."]);
    expect(record.fault.reason).toBe("sandbox");
    expect(world.api.requests).toEqual([]);
  });
}

test("nothing of phone-opus's own state is within the project", async () => {
  await using world = await startConfined([done]);
  await world.answer(["Hello."]);
  expect(readdirSync(world.project).toSorted()).toEqual([
    ".env",
    ".env.example",
    "certs",
    "notes.txt",
  ]);
});
