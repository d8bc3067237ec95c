// The receipt, line by line: what held the run and what became of the files.

import type { Receipt, TreeLook, TreeReceipt } from "../base/receipt.ts";
import { oneLine } from "./one-line.ts";

export function receiptLines(receipt: Receipt): string[] {
  const { layers, tools, tree, billing } = receipt;
  const kernel =
    layers.kernel === null
      ? "unknown"
      : `${layers.kernel.kind}${layers.kernel.is_complete ? "" : " (incomplete)"}, ${layers.kernel.detail}`;
  return [
    `claude_version: ${oneLine(receipt.claude_version)}`,
    `flags: ${JSON.stringify(receipt.flags)}`,
    `tools: ${tools === null ? "unknown" : oneLine(tools.join(" "))}`,
    `layer_switches: ${layers.switches}`,
    `layer_git: ${oneLine(layers.git)}`,
    `layer_kernel: ${oneLine(kernel)}`,
    `layer_tree: ${layers.tree ?? "unknown"}`,
    ...(tree === null ? [] : treeLines(tree)),
    `billing: ${oneLine(billing.note ?? billing.source)}`,
  ];
}

/** For a fault, which lists no denials of its own. */
export function deniedLines({ denials }: Receipt): string[] {
  return (denials ?? []).map((denial) => `denied: ${oneLine(denial)}`);
}

function treeLines(tree: TreeReceipt): string[] {
  const unnamed = tree.change_count - tree.changes.length;
  return [
    `tree_before: ${lookText(tree.before)}`,
    `tree_after: ${tree.after === null ? "gone" : lookText(tree.after)}`,
    ...tree.changes.map(
      ({ path, change }) => `tree_${change}: ${oneLine(path)}`,
    ),
    ...(unnamed > 0 ? [`tree_more: ${unnamed}`] : []),
  ];
}

function lookText({ digest, entries, is_complete }: TreeLook): string {
  return `${digest.slice(0, 16)} of ${entries} ${is_complete ? "entries" : "entries, not all"}`;
}
