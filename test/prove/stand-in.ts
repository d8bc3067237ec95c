// Stands in for Claude Code before the scripted API: carries out every Bash call that it
// is told, or misbehaves as its argument says after the first.

import { z } from "zod";

const behaviour = process.argv[2];
const url = z.string().parse(Bun.env["ANTHROPIC_BASE_URL"]);
const messageSchema = z.looseObject({
  content: z.array(
    z.looseObject({
      type: z.string(),
      id: z.string().optional(),
      input: z.looseObject({ command: z.string().optional() }).optional(),
    }),
  ),
});

const messages: object[] = [];
for (let turn = 0; ; turn += 1) {
  const response = await fetch(`${url}/v1/messages`, {
    method: "POST",
    body: JSON.stringify({ model: "m", tools: [{ name: "Bash" }], messages }),
  });
  const { content } = messageSchema.parse(await response.json());
  const calls = content.filter(({ type }) => type === "tool_use");
  if (calls.length === 0) break;
  if (behaviour === "hangs-on-the-second" && turn === 1)
    await Bun.sleep(60_000);
  if (behaviour === "crashes-on-the-second" && turn === 1) process.exit(7);
  messages.push({ role: "assistant", content });
  messages.push({
    role: "user",
    content: calls.map(({ id, input }) => ({
      type: "tool_result",
      tool_use_id: behaviour === "answers-for-another" ? "toolu_x" : id,
      ...carryOut(input?.command ?? "true"),
    })),
  });
}

function carryOut(command: string): object {
  if (behaviour === "refuses") {
    return {
      is_error: true,
      content: "Permission to use Bash has been denied",
    };
  }
  const done = Bun.spawnSync(["/bin/bash", "-c", command]);
  return {
    is_error: !done.success,
    content: [{ type: "text", text: done.stdout.toString() }],
  };
}
