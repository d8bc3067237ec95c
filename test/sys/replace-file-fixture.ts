// Replaces the file that it is told and prints how that went.

import { errorCode } from "../../src/base/json.ts";
import { replaceFile } from "../../src/sys/files.ts";
import { becomeNobody } from "../helpers/without-root.ts";

becomeNobody();
let code: string | undefined = "none";
try {
  replaceFile(process.argv[2] ?? "", "new");
} catch (error) {
  code = errorCode(error);
}
process.stdout.write(JSON.stringify({ code }));
