// Answers as MCP resources: `phone-opus://consult/{id}`, large ones by pages.

import { type ConsultId, consultIdSchema } from "../base/ids.ts";
import { describeError } from "../base/json.ts";
import {
  type Ledger,
  type LedgerOptions,
  openLedger,
} from "../consult/ledger.ts";
import { withTrueStatus } from "../consult/listing.ts";
import { spoolAt } from "../consult/spool.ts";
import { faultResult } from "../render/tool-result.ts";

const scheme = "phone-opus://consult/";

export const resourceTemplate = {
  uriTemplate: `${scheme}{id}{?page}`,
  name: "consult",
  title: "Answer of a consult",
  description:
    "The answer of a finished consult by its id; long answers have pages, counted from 1.",
  mimeType: "text/markdown",
};

/** Characters of a page: what the smallest real client shows uncut. */
export const pageChars = 40_000;
const listedAnswers = 50;

export interface ResourceEntry {
  readonly uri: string;
  readonly name: string;
  readonly title: string;
  readonly mimeType: string;
}

/** Empty where the ledger cannot be read: clients ask for it unbidden at start. */
export function listResources(
  ledger: LedgerOptions,
  log: (line: string) => void,
): ResourceEntry[] {
  let opened: Ledger | undefined;
  try {
    opened = openLedger(ledger);
    return opened
      .list({
        limit: listedAnswers,
        statuses: ["done", "queued", "running"],
      })
      .map((record) => withTrueStatus(record, ledger.consultsDirectory))
      .filter(({ status }) => status === "done")
      .map(({ consult_id, prompt }) => ({
        uri: scheme + consult_id,
        name: consult_id,
        title: prompt.slice(0, 80).toWellFormed(),
        mimeType: "text/markdown",
      }));
  } catch (error) {
    log(`the ledger cannot be read: ${describeError(error)}`);
    return [];
  } finally {
    opened?.close();
  }
}

export type ReadResource =
  | {
      readonly ok: true;
      readonly text: string;
      readonly page: number;
      readonly pages: number;
    }
  | { readonly ok: false; readonly problem: string };

export function readResource(
  uri: string,
  consultsDirectory: string,
): ReadResource {
  const parsed = parseUri(uri);
  if (parsed === undefined) {
    return {
      ok: false,
      problem: `There is no resource ${uri}: its form is ${resourceTemplate.uriTemplate}.`,
    };
  }
  const { id, page } = parsed;
  const outcome = spoolAt(consultsDirectory, id).readOutcome();
  if (outcome === undefined) {
    return {
      ok: false,
      problem: `Consult ${id} has no answer: it is running, or no longer kept.`,
    };
  }
  const text =
    outcome.status === "done"
      ? outcome.answer.response
      : faultResult(outcome.fault)
          .content.map((part) => part.text)
          .join("\n\n");
  const pages = Math.max(1, Math.ceil(text.length / pageChars));
  if (page > pages) {
    return { ok: false, problem: `Consult ${id} has ${pages} pages only.` };
  }
  const start = wholeCharacter(text, (page - 1) * pageChars);
  const end = wholeCharacter(text, page * pageChars);
  return { ok: true, text: text.slice(start, end), page, pages };
}

/** This place, or the next one where it is inside a surrogate pair. */
function wholeCharacter(text: string, index: number): number {
  const isInside = index > 0 && (text.codePointAt(index - 1) ?? 0) > 0xffff;
  return isInside ? index + 1 : index;
}

function parseUri(
  uri: string,
): { readonly id: ConsultId; readonly page: number } | undefined {
  if (!uri.startsWith(scheme)) return undefined;
  const [name, query] = uri.slice(scheme.length).split("?");
  const id = consultIdSchema.safeParse(name);
  const page = Number(new URLSearchParams(query).get("page") ?? 1);
  return id.success && Number.isInteger(page) && page >= 1
    ? { id: id.data, page }
    : undefined;
}
