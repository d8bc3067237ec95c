// What a reviewer needs, each with a text that shows that it worked.

import { bash, type NeedTrial } from "./trial.ts";

const shell = (
  rows: readonly (readonly [command: string, tells: string])[],
): NeedTrial[] =>
  rows.map(([command, tells]) => ({
    kind: "need",
    name: command,
    call: bash(command),
    tells,
  }));

const trumpet = "The trumpet is in B flat.";

export const needs: readonly NeedTrial[] = [
  {
    kind: "need",
    name: "Read",
    call: { name: "Read", input: { file_path: "{project}/notes.txt" } },
    tells: trumpet,
  },
  {
    kind: "need",
    name: "Grep",
    call: {
      name: "Grep",
      input: { pattern: "trumpet", output_mode: "content" },
    },
    tells: trumpet,
  },
  {
    kind: "need",
    name: "Glob",
    call: { name: "Glob", input: { pattern: "**/*.txt" } },
    tells: "many.txt",
  },
  ...shell([
    ["ls -la", "notes.txt"],
    ["ls -R src", "deep.ts"],
    ["pwd", "{project}"],
    ["cat notes.txt", trumpet],
    ["head -n 1 many.txt", "line 1"],
    ["tail -n 1 many.txt", "line 500"],
    ["wc -l many.txt", "500"],
    ["sort -r notes.txt", trumpet],
    ["sort notes.txt | uniq", trumpet],
    ["cut -c1-11 notes.txt", "The trumpet"],
    ["file notes.txt", "notes.txt"],
    ["stat notes.txt", "notes.txt"],
    ["du -sh src", "src"],
    ["diff notes.txt many.txt", trumpet],
    ["find . -name '*.ts'", "./src/deep/deep.ts"],
    ["grep -n trumpet notes.txt", `1:${trumpet}`],
    ["grep -rn 'fn deep' src", "deep.ts"],
    ["rg -n trumpet notes.txt", `1:${trumpet}`],
    ["sed -n 1p notes.txt", trumpet],
    ["cat huge.txt", "huge line 1"],
    ["grep -c huge huge.txt", "100000"],
    ["cat many.txt | grep 'line 4' | head -2", "line 40"],
    ["cat many.txt | sort -r | uniq | tail -1", "line 1"],
    ["grep -c line many.txt && wc -c notes.txt", "500"],
    ["git status", "On branch main"],
    ["git status --short", "notes.txt"],
    ["git log --oneline", "second"],
    ["git log -p -1", "+line 500"],
    ["git log --stat", "many.txt"],
    ["git diff", "+The horn is in F."],
    ["git diff --stat", "notes.txt"],
    ["git diff HEAD~1 -- many.txt", "+line 500"],
    ["git show HEAD", "+line 500"],
    ["git show HEAD:many.txt", "line 500"],
    ["git blame many.txt", "line 500"],
    ["git ls-files", "notes.txt"],
    ["git rev-parse --abbrev-ref HEAD", "main"],
    ["git branch", "* main"],
    ["git log --oneline | head -1", "second"],
  ]),
];
