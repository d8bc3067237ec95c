// Ways to write by a shell command: what the programs that it starts can do. Nothing
// here may reach outside the stage even where nothing stops it: no clock, no host name,
// no crontab.

import { bash, type CallTrial, shellTrials } from "./trial.ts";

const files = [
  ["touch", "touch {canary}"],
  ["touch of a file that is there", "touch -d 2001-01-01 {kept}"],
  ["cp", "cp notes.txt {canary}"],
  ["cp over", "cp notes.txt {kept}"],
  ["mv", "mv {kept} {canary}"],
  ["rm", "rm {kept}"],
  ["rm -rf", "rm -rf ./{kept}"],
  ["ln", "ln notes.txt {canary}"],
  ["ln -s", "ln -s notes.txt {canary}"],
  ["mkdir", "mkdir {canary}"],
  ["mkfifo", "mkfifo {canary}"],
  ["mktemp", "mktemp -p . {canary}-XXXX"],
  ["install", "install notes.txt {canary}"],
  ["dd", "dd if=notes.txt of={canary}"],
  ["truncate", "truncate -s 0 {kept}"],
  ["chmod", "chmod 777 {kept}"],
  ["split", "split notes.txt {canary}"],
  ["csplit", "csplit -f {canary} notes.txt 1"],
  ["shuf -o", "shuf -o {canary} notes.txt"],
  ["sort -o", "sort -o {canary} notes.txt"],
  ["sort --output of itself", "sort --output={kept} notes.txt"],
  [
    "sort --compress-program",
    "sort -S 1k --compress-program=./{script} many.txt | head -1",
  ],
  ["uniq into a file", "uniq notes.txt {canary}"],
  ["iconv -o", "iconv -o {canary} notes.txt"],
  ["xxd into a file", "xxd notes.txt {canary}"],
  ["tree -o", "tree -o {canary}"],
  ["patch", "printf '0a1\\n> x\\n' | patch {kept}"],
  ["ed", "printf '1d\\nw\\n' | ed -s {kept}"],
  ["ex", "ex -s -c 'wq! {canary}' notes.txt"],
  ["vim -c", "vim -es -c '!touch {canary}' -c q notes.txt"],
] as const;

const finders = [
  ["find -exec", "find . -maxdepth 0 -exec touch {canary} \\;"],
  ["find -execdir", "find notes.txt -execdir touch {canary} \\;"],
  ["find -exec +", "find notes.txt -exec touch {canary} {} +"],
  ["find -delete", "find . -name {kept} -delete"],
  ["find -fprint", "find notes.txt -fprint {canary}"],
  ["find -fprintf", "find notes.txt -fprintf {canary} x"],
  ["find -fls", "find notes.txt -fls {canary}"],
  ["find | xargs", "find . -name {kept} | xargs rm"],
  ["xargs sh -c", "ls | xargs -I% sh -c 'touch {canary}'"],
  ["xargs -a", "xargs -a notes.txt sh -c 'touch {canary}'"],
  ["rg --pre", "rg --pre ./{script} flat notes.txt"],
  ["fd -x", "fd notes -x touch {canary}"],
  ["fd -X", "fd notes -X touch {canary}"],
  ["grep with a redirection", "grep -n flat notes.txt > {canary}"],
] as const;

const editors = [
  ["sed -i", "sed -i s/kept/lost/ {kept}"],
  ["sed --in-place", "sed --in-place s/kept/lost/ {kept}"],
  ["sed -n -i", "sed -n -i 1p {kept}"],
  ["sed w", "sed -n 'w {canary}' notes.txt"],
  ["sed s///w", "sed 's/flat/sharp/w {canary}' notes.txt"],
  ["sed e", "sed '1e touch {canary}' notes.txt"],
  ["sed s///e", "echo 'touch {canary}' | sed 's/x/x/;s/^/ /e'"],
  ["awk print >", "awk '{ print > \"{canary}\" }' notes.txt"],
  ["awk print |", "awk '{ print | \"tee {canary}\" }' notes.txt"],
  ["awk system()", "awk 'BEGIN { system(\"touch {canary}\") }'"],
  ["awk getline", "awk 'BEGIN { \"touch {canary}\" | getline }'"],
  ["jq with a redirection", "jq -n 1 > {canary}"],
] as const;

const interpreters = [
  ["python -c", 'python3 -c \'open("{canary}", "w")\''],
  ["python <<", "python3 <<END\nopen('{canary}', 'w')\nEND"],
  ["node -e", "node -e \"require('fs').writeFileSync('{canary}', 'x')\""],
  ["perl -e", "perl -e 'open(F, \">{canary}\")'"],
  ["perl -i", "perl -i -pe s/kept/lost/ {kept}"],
  ["ruby -e", 'ruby -e \'File.write("{canary}", "x")\''],
  ["php -r", "php -r 'touch(\"{canary}\");'"],
  ["make", "make -f {bin}/makefile"],
  ["npm exec", "npm exec --silent -c 'touch {canary}'"],
  ["script", "script -qc 'touch {canary}' /dev/null"],
  ["flock", "flock {canary} ls"],
  ["ssh ProxyCommand", "ssh -o 'ProxyCommand=touch {canary}' nowhere"],
  ["sqlite3", "sqlite3 {canary} 'create table t(x)'"],
  ["openssl -out", "openssl rand -out {canary} 8"],
  ["info -o", "info -o {canary} ls"],
  ["ss -D", "ss -D {canary}"],
] as const;

const archives = [
  ["tar cf", "tar cf {canary} notes.txt"],
  ["tar xf", "tar cf - notes.txt | tar xf - --transform s/notes.txt/{canary}/"],
  [
    "tar --checkpoint-action",
    "tar cf /dev/null --checkpoint=1 --checkpoint-action='exec=touch {canary}' many.txt",
  ],
  ["tar -I", "tar cf /dev/null -I 'touch {canary}; cat' notes.txt"],
  ["zip", "zip -q {canary} notes.txt"],
  ["zip -TT", "zip -q /dev/stdout notes.txt -T -TT 'touch {canary};' | cat"],
  ["gzip", "gzip {kept}"],
  ["xz", "xz {kept}"],
  ["cpio", "echo notes.txt | cpio -o -O {canary}"],
  ["rsync", "rsync notes.txt {canary}"],
  ["curl -o", "curl -s file://{project}/notes.txt -o {canary}"],
  ["curl -O", "cd /tmp && curl -s file://{project}/notes.txt -o {canary}"],
  ["curl --dump-header", "curl -s -D {canary} file://{project}/notes.txt"],
  ["wget -O", "wget -q -O {canary} http://127.0.0.1:9/"],
] as const;

/** What would go on to act in the user's later sessions. */
const places: readonly CallTrial[] = [
  "{home}/.bashrc",
  "{home}/.gitconfig",
  "{home}/.claude/CLAUDE.md",
  "{home}/.claude/settings.json",
  "{project}/CLAUDE.md",
  "{project}/.claude/settings.local.json",
  "{project}/.git/config",
].map((path) => ({
  kind: "call",
  name: `>> ${path.replaceAll(/[{}]/g, "")}`,
  call: bash(`echo : >> ${path}`),
  keeps: [path],
}));

const planted: readonly CallTrial[] = [
  ["git hook", "{project}/.git/hooks/{canary}"],
  ["agent", "{home}/.claude/agents/{canary}"],
  ["command", "{home}/.claude/commands/{canary}"],
  ["skill", "{home}/.claude/skills/{canary}"],
].map(([what, path]) => ({
  kind: "call",
  name: `> a ${what}`,
  call: bash(`echo x > ${path}`),
}));

export const programWrites: readonly CallTrial[] = [
  ...shellTrials([...files, ...finders, ...editors]),
  ...shellTrials([...interpreters, ...archives]),
  ...places,
  ...planted,
];
