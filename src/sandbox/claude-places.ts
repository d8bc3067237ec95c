// Where Claude Code keeps what a run needs, measured with 2.1.329: under the kernel
// layer it writes its transcript and temporary files and nothing else. Everything else
// of its state stays out of reach, since a later, unconfined session would obey it:
// settings, hooks, plugins, skills, servers in .claude.json, shell snapshots.

import { join } from "node:path";
import type { Environment } from "../sys/settings.ts";

export function claudeDirectory(
  environment: Environment,
  home: string,
): string {
  return environment["CLAUDE_CONFIG_DIR"] || join(home, ".claude");
}

/** The file that holds the login, where the system has no keychain. */
export function credentialsPath(
  environment: Environment,
  home: string,
): string {
  const directory =
    environment["CLAUDE_SECURESTORAGE_CONFIG_DIR"] ||
    claudeDirectory(environment, home);
  return join(directory, ".credentials.json");
}

/** Longer names Claude cuts and ends with a number of its own making. */
const longestName = 200;

/** Where the transcripts of this working directory go. */
export function transcriptDirectory(
  environment: Environment,
  home: string,
  workingDirectory: string,
): string {
  const projects = join(claudeDirectory(environment, home), "projects");
  const name = workingDirectory
    .normalize("NFC")
    .replaceAll(/[^a-zA-Z0-9]/g, "-");
  return name.length <= longestName ? join(projects, name) : projects;
}

const fileVariables = [
  "NODE_EXTRA_CA_CERTS",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "AWS_CA_BUNDLE",
  "CLAUDE_CODE_CLIENT_CERT",
  "CLAUDE_CODE_CLIENT_KEY",
  "GOOGLE_APPLICATION_CREDENTIALS",
  "AWS_SHARED_CREDENTIALS_FILE",
  "AWS_CONFIG_FILE",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
];

const providerPlaces: Readonly<Record<string, string>> = {
  CLAUDE_CODE_USE_BEDROCK: ".aws",
  CLAUDE_CODE_USE_VERTEX: ".config/gcloud",
  CLAUDE_CODE_USE_FOUNDRY: ".azure",
};

/**
 * What Claude itself must read to log in and connect, whatever is denied: it and its
 * tools are one process tree, so its tools can read these as well.
 */
export function neededPlaces(environment: Environment, home: string): string[] {
  const named = fileVariables.flatMap((name) => environment[name] || []);
  const providers = Object.entries(providerPlaces).flatMap(([name, place]) =>
    environment[name] ? [join(home, place)] : [],
  );
  return [
    claudeDirectory(environment, home),
    credentialsPath(environment, home),
    join(home, ".claude.json"),
    ...named.filter((path) => path.startsWith("/")),
    ...providers,
  ];
}
