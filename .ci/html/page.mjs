// Sends every text as a message, reads it with `format=html`, and shows the HTML in headless Chromium: under the
// strictest policy, and under none. ORIGIN, PASSWORD and CHROMIUM say where.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { launch } from "./browser.mjs";
import { MENTION, texts } from "./corpora.mjs";

const { ORIGIN, PASSWORD } = process.env;
const MAX_TEXT = 10_000;

async function call(path, key, body) {
  const response = await fetch(`${ORIGIN}/api${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { "Content-Type": "application/json", ...(key && { "X-API-Key": key }) },
    body: body && JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

/** Somebody to mention, whose names would like to be HTML. */
async function createMallory(key) {
  const user = { username: "mallory", display_name: "<img src=x onerror=alert(1)>", password: "correct horse" };
  const { status, body } = await call("/users", key, user);
  assert.equal(status, 201);
  return body;
}

/** Every text as the server renders it, in the order of sending. Those that are no message are left out. */
async function rendered(key, mallory, all) {
  const { body: group } = await call("/groups", key, { name: "HTML" });
  await call(`/groups/${group.id}/members`, key, { user_id: mallory.id });
  const path = `/groups/${group.id}/messages`;
  let sent = 0;
  for (const text of all) {
    const mentioning = text.replaceAll(MENTION, `<@${mallory.id}>`);
    const { status } = await call(path, key, { text: mentioning.slice(0, MAX_TEXT) });
    // Blank ones, and those with characters that no text may have.
    assert.ok([201, 400].includes(status), `${status} for ${JSON.stringify(text)}`);
    sent += status === 201;
  }
  const shown = [];
  for (let after = 0; shown.length < sent; after += 200) {
    const { body } = await call(`${path}?format=html&limit=200&after=${after}`, key);
    assert.notEqual(body.items.length, 0);
    shown.push(...body.items.reverse().map((message) => message.html));
  }
  await fetch(`${ORIGIN}/api/groups/${group.id}`, { method: "DELETE", headers: { "X-API-Key": key } });
  return shown;
}

/** Serves pages with the HTML of 200 messages each, `/strict/N` under a policy that allows nothing. */
async function serve(shown) {
  const pages = [];
  for (let first = 0; first < shown.length; first += 200) {
    const messages = shown.slice(first, first + 200).map((html) => `<article>${html}</article>`);
    pages.push(`<!doctype html><meta charset="utf-8"><title>as sent</title><link rel="icon" href="data:,">${messages.join("")}`);
  }
  const server = createServer((request, response) => {
    const [, policy, number] = request.url.split("/");
    if (policy === "strict") response.setHeader("Content-Security-Policy", "default-src 'none'; img-src data:; sandbox allow-scripts");
    response.setHeader("Content-Type", "text/html").end(pages[number] ?? "");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, origin: `http://127.0.0.1:${server.address().port}`, pages: pages.length };
}

/** The elements and attributes that the server may write. Run in the page. */
function strangers() {
  const allowed = {
    A: ["href", "rel"], CODE: ["class"], OL: ["start"], TD: ["class"], TH: ["class"], SPAN: ["class", "data-user-id"],
    ...Object.fromEntries(
      ["P", "H4", "H5", "H6", "BLOCKQUOTE", "UL", "LI", "EM", "STRONG", "DEL", "PRE", "TABLE", "THEAD", "TBODY", "TR", "BR", "HR",
        "ARTICLE"].map((name) => [name, []])),
  };
  const found = [];
  for (const element of document.body.querySelectorAll("*")) {
    const attributes = [...element.attributes].map(({ name }) => name);
    const known = allowed[element.tagName];
    const leads = element.tagName !== "A" || ["http:", "https:", "mailto:"].includes(element.protocol);
    const mentions = element.tagName !== "SPAN" || (element.className === "mention" && /^@[\w-]+$/.test(element.textContent)
      && /^\d+$/.test(element.dataset.userId ?? "0"));
    if (!known || !leads || !mentions || attributes.some((name) => !known.includes(name))) found.push(element.outerHTML);
  }
  const mentioning = [...document.body.children].filter((article) => article.querySelector("span.mention")).length;
  return { found, mentioning, articles: document.body.children.length, title: document.title };
}

async function show(browser, { origin, pages }, policy, count) {
  const page = await browser.newPage();
  const complaints = [];
  const requests = [];
  page.on("dialog", (dialog) => { complaints.push(dialog.message()); dialog.dismiss(); });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => complaints.push(message.text()));
  page.on("request", (request) => requests.push(request.url()));
  let articles = 0;
  let mentioning = 0;
  for (let number = 0; number < pages; number += 1) {
    await page.goto(`${origin}/${policy}/${number}`, { waitUntil: "load" });
    const seen = await page.evaluate(strangers);
    assert.deepEqual(seen.found, []);
    assert.equal(seen.title, "as sent");
    articles += seen.articles;
    mentioning += seen.mentioning;
  }
  assert.equal(articles, count, "no message ends before its end");
  assert.deepEqual(complaints, []);
  assert.deepEqual(requests.filter((url) => !url.startsWith(`${origin}/${policy}/`) && !url.startsWith("data:")), []);
  await page.close();
  return mentioning;
}

const { body: { api_key: key } } = await call("/login", undefined, { username: "admin", password: PASSWORD });
const mallory = await createMallory(key);
const browser = await launch();
try {
  for (const [name, all] of Object.entries(texts)) {
    const shown = await rendered(key, mallory, all);
    const site = await serve(shown);
    let mentioning = 0;
    for (const policy of ["strict", "open"]) mentioning = await show(browser, site, policy, shown.length);
    site.server.close();
    // Of those with mentions, most are outside of code, quotations and links.
    if (all.some((text) => text.includes(MENTION))) assert.ok(mentioning > shown.length / 2, `${mentioning} of ${shown.length}`);
    console.log(`${name}: ${shown.length} messages, ${mentioning} of them with mentions, run no script and make no request`);
  }
} finally {
  await browser.close();
}
