// `phone-opus mcp confine POLICY COMMAND...`: gives up what the policy does not allow,
// then becomes the command: same process, same environment, same standard streams. It
// never becomes the command unconfined.

import { describeError, parseJson } from "../base/json.ts";
import { readTextIfPresent } from "../sys/files.ts";
import type { Environment } from "../sys/settings.ts";
import { landlockSupport, restrictSelf } from "../sys/landlock.ts";
import { notConfined, notStarted } from "./confine-failure.ts";
import { type Policy, policySchema } from "./policy.ts";
import { connectTcp, handledBy, rightsFor } from "./rights.ts";

export interface ConfineOptions {
  readonly policyPath: string;
  readonly command: readonly string[];
  readonly environment: Environment;
  /** Becomes the command; returns, by throwing, only when that fails. */
  readonly execute: (
    path: string,
    words: readonly string[],
    environment: Environment,
  ) => never;
}

/** Returns what went wrong, as a line for standard error. */
export function confine(options: ConfineOptions): string {
  const [path, ...words] = options.command;
  if (path === undefined) return `${notStarted} no command was given`;
  let policy: Policy;
  try {
    policy = readPolicy(options.policyPath);
    hold(policy);
  } catch (error) {
    return `${notConfined} ${describeError(error)}`;
  }
  try {
    process.chdir(policy.working_directory);
    return options.execute(path, [path, ...words], options.environment);
  } catch (error) {
    return `${notStarted} ${describeError(error)}`;
  }
}

function readPolicy(path: string): Policy {
  const text = readTextIfPresent(path);
  if (text === undefined) throw new Error(`there is no policy ${path}`);
  const json = parseJson(text);
  const policy = policySchema.safeParse(json.ok ? json.value : undefined);
  if (!policy.success) throw new Error(`${path} is no policy`);
  return policy.data;
}

function hold(policy: Policy): void {
  const landlock = landlockSupport();
  if (!landlock.ok) throw new Error(landlock.why);
  const { abi } = landlock;
  restrictSelf({
    handled: handledBy(abi),
    paths: policy.rules.map(({ path, access }) => ({
      path,
      rights: (isDirectory) => rightsFor(access, abi, isDirectory),
    })),
    ports: policy.connect_ports,
    portRights: connectTcp,
  });
}
