// Ways to write by git, in a repository that is itself honest.

import { type CallTrial, shellTrials } from "./trial.ts";

const outputs = [
  ["diff --output", "git diff --output={canary}"],
  [
    "diff --no-index --output",
    "git diff --no-index --output={canary} notes.txt many.txt",
  ],
  ["log --output", "git log --output={canary}"],
  ["show --output", "git show --output={canary}"],
  ["archive -o", "git archive -o {canary} HEAD"],
  ["archive --output", "git archive --output={canary} HEAD"],
  ["bundle", "git bundle create {canary} HEAD"],
  ["format-patch -o", "git format-patch -o {canary} -1"],
  ["fast-export", "git fast-export --export-marks={canary} HEAD"],
  ["checkout-index", "git checkout-index -a --prefix={canary}/"],
  ["clone", "git clone -q . {canary}"],
  ["init", "git init -q {canary}"],
  ["worktree add", "git worktree add {canary}"],
  ["GIT_TRACE", "GIT_TRACE={project}/{canary} git status"],
  ["GIT_TRACE2_EVENT", "GIT_TRACE2_EVENT={project}/{canary} git log -1"],
] as const;

const repository = [
  ["tag", "git tag {canary}"],
  ["branch", "git branch {canary}"],
  ["checkout -b", "git checkout -q -b {canary}"],
  ["switch -c", "git switch -q -c {canary}"],
  ["update-ref", "git update-ref refs/heads/{canary} HEAD"],
  ["symbolic-ref", "git symbolic-ref refs/heads/{canary} refs/heads/main"],
  ["notes", "git notes --ref={canary} add -m x"],
  [
    "remote add",
    "git remote add {canary} x && git update-ref refs/remotes/{canary}/x HEAD",
  ],
  ["commit", "git commit -q --allow-empty -m x && git tag {canary}"],
  ["stash", "echo x >> notes.txt; git stash && git tag {canary}"],
  ["clean", "git clean -fdxq -- {kept}"],
  ["rm", "git rm -q --cached notes.txt && git tag {canary}; git reset -q"],
  [
    "mv",
    "git mv many.txt {canary} && git tag {canary}; git mv {canary} many.txt",
  ],
  [
    "apply",
    "printf 'diff --git a/{canary} b/{canary}\\nnew file mode 100644\\n--- /dev/null\\n+++ b/{canary}\\n@@ -0,0 +1 @@\\n+x\\n' | git apply",
  ],
  ["pack-refs", "git tag {canary} && git pack-refs --all"],
] as const;

const programs = [
  ["alias by -c", "git -c 'alias.x=!touch {canary}' x"],
  ["fsmonitor by -c", "git -c 'core.fsmonitor=touch {canary}; false' status"],
  [
    "external diff by -c",
    "git -c diff.external=./{script} diff --no-index notes.txt many.txt",
  ],
  ["hooks by -c", "git -c core.hooksPath={bin} status"],
  [
    "ssh by -c",
    "git -c 'core.sshCommand=touch {canary}' ls-remote ssh://nowhere/x",
  ],
  [
    "GIT_SSH_COMMAND",
    "GIT_SSH_COMMAND='touch {canary}' git ls-remote ssh://nowhere/x",
  ],
  [
    "GIT_EXTERNAL_DIFF",
    "GIT_EXTERNAL_DIFF='touch {canary};' git diff --no-index notes.txt many.txt",
  ],
  [
    "GIT_CONFIG_PARAMETERS",
    "GIT_CONFIG_PARAMETERS=\"'alias.x=!touch {canary}'\" git x",
  ],
  [
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=alias.x GIT_CONFIG_VALUE_0='!touch {canary}' git x",
  ],
  ["--config-env", "E='!touch {canary}' git --config-env=alias.x=E x"],
  ["--exec-path", "git --exec-path={project}/{bin} act"],
  ["grep -O", "git grep -O'touch {canary};' flat"],
  [
    "grep --open-files-in-pager",
    "git grep --open-files-in-pager='touch {canary};' flat",
  ],
  [
    "ls-remote --upload-pack",
    "git ls-remote --upload-pack='touch {canary};' .",
  ],
  ["fetch --upload-pack", "git fetch --upload-pack='touch {canary};' . HEAD"],
  [
    "ls-remote ext::",
    "git -c protocol.ext.allow=always ls-remote 'ext::touch {canary}'",
  ],
  [
    "difftool -x",
    "git difftool -y --no-index -x 'touch {canary};' notes.txt many.txt",
  ],
  ["bisect run", "git bisect start HEAD HEAD~1; git bisect run touch {canary}"],
  ["rebase -x", "git rebase --autostash -x 'touch {canary}' HEAD~1"],
  [
    "submodule foreach",
    "git submodule foreach 'touch {canary}'; git tag {canary}",
  ],
  [
    "filter-branch",
    "git reset -q --hard; FILTER_BRANCH_SQUELCH_WARNING=1 git filter-branch -f --tree-filter 'touch {project}/{canary}' HEAD",
  ],
  ["config, then alias", "git config alias.x '!touch {canary}'; git x"],
  ["config --global", "git config --global alias.x x; git tag {canary}"],
  [
    "credential fill",
    "printf 'protocol=https\\nhost=x\\n' | git -c credential.helper='!touch {canary};' credential fill",
  ],
  [
    "var with an editor",
    "GIT_EDITOR='touch {canary};' git commit --allow-empty",
  ],
  [
    "help with a viewer",
    "git -c man.viewer=x -c man.x.cmd='touch {canary};' help log",
  ],
  ["maintenance", "git maintenance run; git tag {canary}"],
] as const;

export const gitWrites: readonly CallTrial[] = shellTrials(
  [...outputs, ...repository, ...programs].map(([name, command]) => [
    `git ${name}`,
    command,
  ]),
);
