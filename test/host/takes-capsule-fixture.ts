// Takes the capsule that its parent left for it, as a candidate does.

import { writeSync } from "node:fs";
import { takeParentsCapsule } from "../../src/host/capsule-file.ts";

const [directory = "", path = ""] = process.argv.slice(2);
const taken = takeParentsCapsule(directory, path);
writeSync(1, taken.ok ? "taken" : taken.problem);
