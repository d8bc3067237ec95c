// The two arguments that every tool takes, and how results are presented.

import { z } from "zod";

export const presentationShape = {
  render: z
    .enum(["porcelain", "json"])
    .default("porcelain")
    .describe(
      "porcelain (default): lines of text made for reading; json: structured content.",
    ),
  detail: z
    .enum(["concise", "full"])
    .default("concise")
    .describe("concise (default): what matters; full: every recorded field."),
};

export type Render = "porcelain" | "json";
export type Detail = "concise" | "full";

export interface Presentation {
  readonly render: Render;
  readonly detail: Detail;
}
