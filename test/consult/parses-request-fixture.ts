// Parses a request for the directory that it is told and prints the result.

import { anywhere } from "./anywhere.ts";
import { parseConsultRequest } from "../../src/consult/request.ts";
import { becomeNobody } from "../helpers/without-root.ts";

becomeNobody();
const cwd = process.argv[2] ?? "";
const parsed = await parseConsultRequest(
  { prompt: "Why?", cwd },
  anywhere("/"),
);
process.stdout.write(JSON.stringify(parsed));
