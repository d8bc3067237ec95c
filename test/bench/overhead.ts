// What a consult costs over asking the same fake Claude directly: from the shell, a process of ours each time, and
// over a warm MCP session.

import { fakeClaude } from "../fake-claude/fake-claude.ts";
import { type Figure, figure, pairedFigures } from "./figures.ts";
import { interleaved, newPrompt, type Place, timed } from "./place.ts";

const answer = "The answer is 42.";

export async function measureOverhead(
  place: Place,
  rounds: number,
): Promise<Figure[]> {
  const environment = place.environment("answers");
  const run = async (command: readonly string[], input: string) => {
    await using child = Bun.spawn([...command], {
      cwd: place.directory,
      env: environment,
      stdin: new Blob([input]),
      stdout: "pipe",
      stderr: "ignore",
    });
    const printed = await child.stdout.text();
    if ((await child.exited) !== 0 || !printed.includes(answer)) {
      throw new Error(`${command.join(" ")} gave no answer: ${printed}`);
    }
  };
  await using session = await place.connect("answers");
  const [direct = [], shell = [], mcp = []] = await interleaved(rounds, [
    () => timed(() => run([fakeClaude("answers")], newPrompt())),
    () => timed(() => run([place.binary, "consult", newPrompt()], "")),
    () => timed(() => session.consult()),
  ]);
  return [
    figure("the fake Claude alone", "ms", direct),
    ...pairedFigures("phone-opus consult", shell, "the fake alone", direct),
    ...pairedFigures("consult over warm MCP", mcp, "the fake alone", direct),
  ];
}
