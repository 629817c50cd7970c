// Reads an AsyncAPI document and fails if there is an error or a warning: node validate.mjs FILE
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const SEVERITIES = ["error", "warning", "info", "hint"];
const { document, diagnostics } = await new Parser().parse(readFileSync(process.argv[2], "utf8"));
for (const { severity, code, message, path } of diagnostics) {
  console.log(`${SEVERITIES[severity]} ${code} at /${path.join("/")}: ${message}`);
}
if (document === undefined || diagnostics.some(({ severity }) => severity <= 1)) process.exit(1);
console.log(`AsyncAPI ${document.version()}: ${document.allMessages().length} messages, no fault found`);
