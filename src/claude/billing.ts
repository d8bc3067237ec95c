// Who pays for a run. A key in the environment outranks the user's login without a
// word, so that a forgotten one moves the bill from the subscription to an account.

import { join } from "node:path";
import { z } from "zod";
import type { Billing } from "../base/receipt.ts";
import { readRecordIfPossible } from "../consult/spool.ts";
import { claudeDirectory } from "../sandbox/claude-places.ts";
import type { Environment } from "../sys/settings.ts";

/** In the order in which Claude Code prefers them. */
const payers = [
  ["CLAUDE_CODE_USE_BEDROCK", "Amazon Bedrock"],
  ["CLAUDE_CODE_USE_VERTEX", "Google Vertex AI"],
  ["CLAUDE_CODE_USE_FOUNDRY", "Microsoft Foundry"],
  ["CLAUDE_CODE_USE_MANTLE", "Mantle"],
  ["CLAUDE_CODE_USE_ANTHROPIC_AWS", "Anthropic on AWS"],
  ["CLAUDE_CODE_USE_ANTHROPIC_GOOGLE_CLOUD", "Anthropic on Google Cloud"],
  ["CLAUDE_CODE_USE_GATEWAY", "a gateway"],
  ["ANTHROPIC_AUTH_TOKEN", "a token"],
  ["ANTHROPIC_API_KEY", "an API key"],
] as const;

const off = new Set(["", "0", "false", "no", "off"]);

export function withoutKeys(
  environment: Readonly<Record<string, string>>,
): Record<string, string> {
  const names = new Set<string>(payers.map(([name]) => name));
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !names.has(name)),
  );
}

export interface BillingOptions {
  /** As Claude gets it. */
  readonly environment: Environment;
  readonly home: string;
  /** What Claude itself said of its key, if it said anything. */
  readonly apiKeySource: string | undefined;
}

export function billingOf(options: BillingOptions): Billing {
  const { environment, apiKeySource } = options;
  const payer = payers.find(
    ([name]) => !off.has((environment[name] ?? "").trim().toLowerCase()),
  );
  const hasLogin = isLoggedIn(options);
  if (payer === undefined) {
    const isKey = apiKeySource !== undefined && apiKeySource !== "none";
    const source = isKey ? apiKeySource : hasLogin ? "login" : "unknown";
    return { source, is_conflict: false, note: null };
  }
  const [name, kind] = payer;
  return {
    source: name,
    is_conflict: hasLogin,
    note: hasLogin
      ? `${kind} from the environment (${name}), not your subscription: remove it, or set PHONE_OPUS_BILLING=subscription`
      : null,
  };
}

const credentialsSchema = z.looseObject({ claudeAiOauth: z.looseObject({}) });
const accountSchema = z.looseObject({ oauthAccount: z.looseObject({}) });

/** On macOS the login itself is in the keychain; the account is noted in a file. */
function isLoggedIn({ environment, home }: BillingOptions): boolean {
  if ((environment["CLAUDE_CODE_OAUTH_TOKEN"] ?? "") !== "") return true;
  const configured = environment["CLAUDE_CONFIG_DIR"];
  const directory = claudeDirectory(environment, home);
  const has = (path: string, schema: z.ZodType) =>
    readRecordIfPossible(path, schema) !== undefined;
  return (
    has(join(directory, ".credentials.json"), credentialsSchema) ||
    has(join(configured || home, ".claude.json"), accountSchema)
  );
}
