// What a confined process can do, shown by the disk: with the kernel's Landlock where
// it is there, and where it is not, by nothing being started.

import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { openPlace, hasLandlock, type Place } from "./confined.ts";

/** `open/file` holds "old", `open/empty` is a directory. */
function furnish(place: Place): void {
  writeFileSync(place.at("open", "file"), "old");
  writeFileSync(place.at("hidden", "file"), "secret");
  Bun.spawnSync(["mkdir", place.at("open", "empty")]);
  symlinkSync(place.at("hidden"), place.at("open", "way-in"));
}

/** What is in `open`, names and contents. */
function stateOf(place: Place): string[] {
  return readdirSync(place.at("open")).flatMap((name) => {
    const path = place.at("open", name);
    const status = lstatSync(path);
    const kind = status.isFile() ? readFileSync(path, "utf8") : status.mode;
    return [`${name} ${kind} ${status.nlink}`];
  });
}

const writes: Readonly<Record<string, string>> = {
  create: "echo x > $ROOT/open/new",
  append: "echo x >> $ROOT/open/file",
  overwrite: "echo x > $ROOT/open/file",
  "cut short": "truncate -s 0 $ROOT/open/file",
  "rename within": "mv $ROOT/open/file $ROOT/open/other",
  "rename in": "echo x > $ROOT/work/new; mv $ROOT/work/new $ROOT/open/new",
  "rename over":
    "echo x > $ROOT/work/new; mv -f $ROOT/work/new $ROOT/open/file",
  "rename out": "mv $ROOT/open/file $ROOT/work/file",
  link: "ln $ROOT/open/file $ROOT/open/other",
  "link out": "ln $ROOT/open/file $ROOT/work/other",
  symlink: "ln -s file $ROOT/open/other",
  unlink: "rm -f $ROOT/open/file",
  mkdir: "mkdir $ROOT/open/new",
  rmdir: "rmdir $ROOT/open/empty",
  fifo: "mkfifo $ROOT/open/new",
  "through a link": "ln -s ../open $ROOT/work/way; echo x > $ROOT/work/way/new",
  "from a grandchild": "sh -c 'sh -c \"echo x > $ROOT/open/new\"'",
  "from the background": "(echo x > $ROOT/open/new) & wait",
  "from another session": "setsid -w sh -c 'echo x > $ROOT/open/new'",
  "through /proc": "echo x > /proc/self/root$ROOT/open/new",
};

const underLandlock = () => {
  test.each(Object.entries(writes))(
    "what may be read is not changed: %s",
    async (_name, script) => {
      using place = openPlace();
      furnish(place);
      const before = stateOf(place);
      const { code, stderr } = await place.shell(`${script}; echo over >&2`);
      expect(stateOf(place)).toEqual(before);
      // It did run, and was refused.
      expect(stderr).toEndWith("over\n");
      expect(stderr).toMatch(/denied|cross-device|not permitted|Permission/i);
      expect(code).toBe(0);
    },
  );

  test("what may be written is: files, directories, links, and all of it away again", async () => {
    using place = openPlace();
    const { code, stderr } = await place.shell(
      "cd $ROOT/work && mkdir a b && echo x > a/f && mv a/f b/f && ln b/f b/g && ln -s f b/h && mkfifo b/p && truncate -s 0 b/g && rm b/* && rmdir a b && echo done > f",
    );
    expect([code, stderr]).toEqual([0, ""]);
    expect(readdirSync(place.at("work"))).toEqual(["f"]);
  });

  test("what no rule allows cannot be read, by no way to it", async () => {
    using place = openPlace();
    furnish(place);
    const { stdout } = await place.shell(
      [
        "cat $ROOT/hidden/file",
        "cat $ROOT/open/way-in/file",
        "cat < $ROOT/hidden/file",
        "ln $ROOT/hidden/file $ROOT/work/file && cat $ROOT/work/file",
        "mv $ROOT/hidden/file $ROOT/work/file && cat $ROOT/work/file",
        "cp $ROOT/hidden/file $ROOT/work/copy && cat $ROOT/work/copy",
        "cat /proc/self/root$ROOT/hidden/file",
        "sh $ROOT/hidden/file",
      ]
        .map((way) => `{ ${way}; } || echo refused`)
        .join("; "),
    );
    expect(stdout).toBe("refused\n".repeat(8));
    expect(readFileSync(place.at("hidden", "file"), "utf8")).toBe("secret");
  });

  test("no port is listened on, and only the named ones are called", async () => {
    using place = openPlace();
    using server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: () => new Response("reached"),
    });
    const attempt = `
      const tell = (name, error) => console.log(name, error?.code ?? error ?? "none");
      const { createServer } = require("node:net");
      await new Promise((done) => createServer().on("error", (error) => { tell("listen", error.code); done(); })
        .listen(0, "127.0.0.1", () => { tell("listen", "open"); process.exit(); }));
      const reply = await fetch("${server.url.href}").then((r) => r.text(), (error) => "refused");
      tell("fetch", reply);`;
    const closed = await place.script(attempt);
    expect(closed.stdout).toBe("listen EACCES\nfetch refused\n");
    const open = await place.script(attempt, {
      connect_ports: [server.port ?? 0],
    });
    expect(open.stdout).toBe("listen EACCES\nfetch reached\n");
  });

  test("other processes are out of reach: no signal, no look into their environment", async () => {
    using place = openPlace();
    const { stdout } = await place.shell(
      `kill -0 ${process.pid} && echo signalled; cat /proc/${process.pid}/environ; sleep 5 & kill $! && echo own`,
    );
    expect(stdout).toBe("own\n");
  });

  test("nothing set-user-id gains a privilege", async () => {
    using place = openPlace();
    const { stdout } = await place.shell("grep NoNewPrivs /proc/self/status");
    expect(stdout).toBe("NoNewPrivs:\t1\n");
  });

  /** Landlock governs none of these; Claude's own permissions do. */
  test("modes and times of files can be changed all the same", async () => {
    using place = openPlace();
    furnish(place);
    chmodSync(place.at("open", "file"), 0o644);
    await place.shell("chmod 600 $ROOT/open/file; touch -d @7 $ROOT/open/file");
    const { mode, mtimeMs } = statSync(place.at("open", "file"));
    expect([mode & 0o777, mtimeMs]).toEqual([0o600, 7000]);
  });

  test("the command gets its words, environment, directory, exit code and signals as without", async () => {
    using place = openPlace();
    const told = await place.shell(
      'echo "$0 $HOME $PWD"; grep SigIgn /proc/self/status; echo $$; exit 7',
    );
    expect(told).toMatchObject({ code: 7, stderr: "" });
    expect(told.stdout.split("\n").slice(0, 2)).toEqual([
      `/bin/sh ${place.at("work")} ${place.at("open")}`,
      "SigIgn:\t0000000000000000",
    ]);
  });

  test("the process stays the same, whoever it becomes", async () => {
    using place = openPlace();
    const child = place.start(["/bin/sh", "-c", "echo $$; exec sleep 60"]);
    const { value } = await child.stdout.getReader().read();
    expect(Number(Buffer.from(value ?? []).toString())).toBe(child.pid);
    child.kill("SIGINT");
    await child.exited;
    expect(child.signalCode).toBe("SIGINT");
  });

  test("rules on paths that lead nowhere hinder nothing", async () => {
    using place = openPlace();
    symlinkSync("loop", place.at("loop"));
    const rules = [
      ...place.policy.rules,
      { path: place.at("loop", "x"), access: "read" as const },
      // A file may well lie deeper than a path can say.
      { path: place.at("d/".repeat(4096)), access: "read" as const },
    ];
    expect(await place.shell("echo ok", { rules })).toMatchObject({
      code: 0,
      stdout: "ok\n",
    });
  });

  test("a rule on a path that is gone allows nothing and hinders nothing", async () => {
    using place = openPlace();
    const rules = [
      ...place.policy.rules,
      { path: place.at("never"), access: "write" as const },
    ];
    const { code } = await place.shell("mkdir $ROOT/never", { rules });
    expect(code).not.toBe(0);
    expect(existsSync(place.at("never"))).toBe(false);
  });

  test("a rule on a link does not open what it leads to", async () => {
    using place = openPlace();
    furnish(place);
    const rules = [
      ...place.policy.rules,
      { path: place.at("open", "way-in"), access: "read" as const },
    ];
    const { stdout } = await place.shell("cat $ROOT/hidden/file", { rules });
    expect(stdout).toBe("");
  });
};
if (hasLandlock) describe("under Landlock", underLandlock);

describe("what is never started unconfined", () => {
  const proof = ["/bin/sh", "-c", "touch $ROOT/work/started"];
  const refusals: Readonly<Record<string, string>> = {
    "no JSON": "{",
    "another format": '{"format":2}',
    "a rule that is none": JSON.stringify({
      format: 1,
      working_directory: "/",
      rules: [{ path: "relative", access: "write" }],
      connect_ports: [],
    }),
    "an unknown field": JSON.stringify({
      format: 1,
      working_directory: "/",
      rules: [],
      connect_ports: [],
      allow_everything: true,
    }),
    nothing: "",
  };

  test.each(Object.entries(refusals))(
    "with a policy that is %s",
    async (_, text) => {
      using place = openPlace();
      const { code, stdout, stderr } = await place.run(proof, text);
      expect([code, stdout]).toEqual([125, ""]);
      expect(stderr).toMatch(/^phone-opus confine: not confined: .+\n$/);
      expect(readdirSync(place.at("work"))).toEqual([]);
    },
  );

  test("without a policy, without a command", async () => {
    using place = openPlace();
    const none = await place.run([]);
    expect([none.code, none.stderr]).toEqual([
      125,
      "phone-opus confine: not started: no command was given\n",
    ]);
  });

  if (hasLandlock) {
    test("a command that is not there is told apart", async () => {
      using place = openPlace();
      const { code, stderr } = await place.run([place.at("open", "none")]);
      expect(code).toBe(125);
      expect(stderr).toMatch(/^phone-opus confine: not started: .*ENOENT/);
    });

    test("nor in a directory that is gone", async () => {
      using place = openPlace();
      const { code, stderr } = await place.run(proof, {
        working_directory: place.at("gone"),
      });
      expect(code).toBe(125);
      expect(stderr).toMatch(/^phone-opus confine: not started: .*ENOENT/);
      expect(readdirSync(place.at("work"))).toEqual([]);
    });
  } else {
    test("on a kernel without Landlock", async () => {
      using place = openPlace();
      const { code, stderr } = await place.run(proof);
      expect(code).toBe(125);
      expect(stderr).toStartWith("phone-opus confine: not confined:");
      expect(readdirSync(place.at("work"))).toEqual([]);
    });
  }
});
