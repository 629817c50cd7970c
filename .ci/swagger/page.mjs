// What a person does on the Swagger page, in headless Chromium. ORIGIN, PASSWORD and CHROMIUM say where.
import assert from "node:assert/strict";
import { launch } from "./browser.mjs";

const { ORIGIN, PASSWORD } = process.env;

/** Calls the API without the browser, to make what the page is to show. */
async function call(path, body, key = "") {
  const headers = { "Content-Type": "application/json", "X-API-Key": key };
  const answer = await fetch(`${ORIGIN}/api${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  assert.ok(answer.ok, `${path}: ${answer.status}`);
  return answer.json();
}

const { api_key: key } = await call("/login", { username: "admin", password: PASSWORD });
const { id: group } = await call("/groups", { name: "Seen in a browser" }, key);

const browser = await launch();
const page = await browser.newPage();
page.setDefaultTimeout(20_000);
const complaints = [];
page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
page.on("pageerror", (error) => complaints.push(String(error)));
const elsewhere = [];
page.on("request", (request) => {
  const url = new URL(request.url());
  if (!["data:", "blob:"].includes(url.protocol) && url.origin !== ORIGIN) elsewhere.push(url.href);
});

/** Opens an operation, fills it in, executes it; gives the status and the body that the page shows. */
async function execute(id, { group, body }) {
  const operation = page.locator(`#operations-Messages-${id}`);
  await operation.locator(".opblock-summary-control").click();
  await operation.getByRole("button", { name: "Try it out" }).click();
  await operation.getByPlaceholder("group_id").fill(String(group));
  if (body) await operation.locator("textarea.body-param__text").fill(JSON.stringify(body));
  await operation.getByRole("button", { name: "Execute" }).click();
  const answer = operation.locator(".live-responses-table .response");
  const status = await answer.locator(".response-col_status").innerText();
  const text = await answer.locator(".response-col_description .highlight-code").first().innerText();
  return { status: Number.parseInt(status, 10), text };
}

try {
  await page.goto(`${ORIGIN}/api/docs/`);
  await page.locator(".btn.authorize").click();
  const form = page.locator(".auth-container", { hasText: "X-API-Key" });
  await form.locator("input").fill(key);
  await form.getByRole("button", { name: "Apply credentials" }).click();
  await page.locator(".modal-ux .btn-done").first().click();

  const sent = await execute("sendMessage", { group, body: { text: "Sent from the page" } });
  assert.equal(sent.status, 201);
  assert.match(sent.text, /Sent from the page/);

  await page.reload();
  // Authorised still, without a word: the list would otherwise be a 401.
  const listed = await execute("listMessages", { group });
  assert.equal(listed.status, 200);
  assert.match(listed.text, /Sent from the page/);

  assert.deepEqual(complaints, [], "the console has no errors");
  assert.deepEqual(elsewhere, [], "nothing was asked of another host");
  console.log("the Swagger page authorises, sends, lists and remembers the key");
} finally {
  await browser.close();
}
