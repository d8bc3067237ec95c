// What this machine's kernel can hold a run to.

import { existsSync } from "node:fs";
import { landlockSupport } from "../sys/landlock.ts";
import { gapsOf, holdsFilesSince } from "./rights.ts";

export type KernelLayer =
  | { readonly kind: "landlock"; readonly abi: number }
  | { readonly kind: "sandbox-exec" }
  | { readonly kind: "none"; readonly why: string };

export const seatbeltPath = "/usr/bin/sandbox-exec";

export function kernelLayer(): KernelLayer {
  if (process.platform === "darwin") {
    return existsSync(seatbeltPath)
      ? { kind: "sandbox-exec" }
      : { kind: "none", why: `there is no ${seatbeltPath}` };
  }
  const landlock = landlockSupport();
  return landlock.ok
    ? { kind: "landlock", abi: landlock.abi }
    : { kind: "none", why: landlock.why };
}

/** One line for people. */
export function describeKernelLayer(layer: KernelLayer): string {
  switch (layer.kind) {
    case "landlock":
      return [`Landlock ABI ${layer.abi}`, ...gapsOf(layer.abi)].join(", ");
    case "sandbox-exec":
      return seatbeltPath;
    case "none":
      return layer.why;
  }
}

/** Why it does not keep a run from changing files; undefined: it does. */
export function insufficiency(layer: KernelLayer): string | undefined {
  if (layer.kind === "none") return layer.why;
  return layer.kind === "landlock" && layer.abi < holdsFilesSince
    ? `Landlock ABI ${layer.abi} cannot keep files from being cut short`
    : undefined;
}
