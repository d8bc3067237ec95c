// Finds the real Claude Code that npm installed for the tests, and gives it an environment of its own: nothing
// of the user's, and no network but the scripted API's loopback address.

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

const packagePrefix = "@anthropic-ai/claude-code";

/** Absolute path of the native binary; an error that names what was tried when there is none. */
export function realClaude(): string {
  const names = platformPackages();
  for (const root of ancestors(import.meta.dir)) {
    for (const name of names) {
      const path = join(root, "node_modules", name, "claude");
      if (existsSync(path)) {
        return path;
      }
    }
  }
  const tried =
    names.length === 0
      ? `${process.platform}-${process.arch}`
      : names.join(" or ");
  throw new Error(
    `No real Claude Code for this platform (${tried}): install the dependencies first.`,
  );
}

/**
 * A complete environment. `home` is a fresh directory: print mode asks for neither onboarding nor trust, so it may
 * be empty. The proxies lead nowhere: WebFetch else looks up a domain check outside.
 */
export function claudeEnvironment(
  apiUrl: string,
  home: string,
): Record<string, string> {
  const nowhere = "http://127.0.0.1:9";
  return {
    HOME: home,
    PATH: process.env["PATH"] ?? "/usr/bin:/bin",
    LANG: "C.UTF-8",
    ANTHROPIC_BASE_URL: apiUrl,
    ANTHROPIC_API_KEY: "sk-ant-api03-scripted",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    DISABLE_AUTOUPDATER: "1",
    HTTP_PROXY: nowhere,
    HTTPS_PROXY: nowhere,
    NO_PROXY: "127.0.0.1,localhost",
  };
}

/** Names to try in order: a musl system may have both builds installed and can run only its own. */
function platformPackages(): string[] {
  const { arch, platform } = process;
  if (
    (arch !== "x64" && arch !== "arm64") ||
    (platform !== "linux" && platform !== "darwin")
  ) {
    return [];
  }
  const plain = `${packagePrefix}-${platform}-${arch}`;
  if (platform === "darwin") {
    return [plain];
  }
  const musl = `${plain}-musl`;
  return existsSync(
    `/lib/ld-musl-${arch === "x64" ? "x86_64" : "aarch64"}.so.1`,
  )
    ? [musl, plain]
    : [plain, musl];
}

function ancestors(start: string): string[] {
  const parent = dirname(start);
  return parent === start ? [start] : [start, ...ancestors(parent)];
}
