// What a person does on the Swagger page, in headless Chromium: clicks, and types where the focus is. ORIGIN, PASSWORD
// and CHROMIUM say where; SCREENSHOTS, if set, is a folder for pictures.
import assert from "node:assert/strict";
import { launch } from "./browser.mjs";

const { ORIGIN, PASSWORD, SCREENSHOTS } = process.env;

const browser = await launch();
const page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
page.setDefaultTimeout(20_000);
const complaints = [];
page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
page.on("pageerror", (error) => complaints.push(String(error)));
const elsewhere = [];
page.on("request", (request) => {
  const url = new URL(request.url());
  if (!["data:", "blob:"].includes(url.protocol) && url.origin !== ORIGIN) elsewhere.push(url.href);
});

async function picture(name) {
  if (SCREENSHOTS) await page.screenshot({ path: `${SCREENSHOTS}/${name}.png` });
}

/** Opens an operation and gets it ready to be filled in. */
async function open(tag, id) {
  const operation = page.locator(`#operations-${tag}-${id}`);
  await operation.locator(".opblock-summary-control").click();
  await operation.getByRole("button", { name: "Try it out" }).click();
  return operation;
}

/** Types text in place of what a field has. */
async function replace(field, text) {
  await field.click();
  await page.keyboard.press("Control+A");
  await page.keyboard.type(text);
}

/** Executes an operation; gives the status and the body that the page shows. */
async function execute(operation) {
  await operation.getByRole("button", { name: "Execute" }).click();
  const answer = operation.locator(".live-responses-table .response");
  const status = await answer.locator(".response-col_status").innerText();
  const text = await answer.locator(".response-col_description .highlight-code code").first().innerText();
  return { status: Number.parseInt(status, 10), text };
}

try {
  await page.goto(`${ORIGIN}/api/docs/`);
  assert.match(await page.title(), /groupchat/);
  await page.getByRole("link", { name: "AsyncAPI document" }).waitFor();
  await page.locator("#operations-Accounts-login").waitFor();
  await picture("page");

  // Signs in, and puts the key that the answer shows where the cursor is when the dialog opens.
  const login = await open("Accounts", "login");
  await picture("login");
  const body = login.locator("textarea.body-param__text");
  const offered = JSON.parse(await body.inputValue());
  await replace(body, JSON.stringify({ ...offered, password: PASSWORD }));
  const signedIn = await execute(login);
  assert.equal(signedIn.status, 200, signedIn.text);
  const key = JSON.parse(signedIn.text).api_key;
  await page.locator(".btn.authorize").first().click();
  assert.equal(await page.locator(".auth-container").count(), 1, "there is one way to authorize");
  await picture("authorize");
  await page.keyboard.type(key);
  await page.keyboard.press("Enter");
  await page.locator(".modal-ux .btn-done").click();

  const created = await execute(await open("Groups", "createGroup"));
  assert.equal(created.status, 201, created.text);
  const { id: group } = JSON.parse(created.text);

  // Nothing is filled in that would lead nowhere: what has to be given is empty.
  const send = await open("Messages", "sendMessage");
  assert.equal(await send.getByPlaceholder("group_id").inputValue(), "");
  await replace(send.getByPlaceholder("group_id"), String(group));
  const sent = await execute(send);
  assert.equal(sent.status, 201, sent.text);
  assert.match(sent.text, /Hello, Grace!/);
  await picture("sent");

  // What has no end can be read about, and not executed.
  for (const id of ["streamEvents", "openSocket"]) {
    const operation = page.locator(`#operations-Events-${id}`);
    await operation.locator(".opblock-summary-control").click();
    await operation.locator(".responses-wrapper").waitFor();
    assert.equal(await operation.getByRole("button", { name: "Try it out" }).count(), 0, id);
  }
  await picture("events");

  await page.reload();
  // Authorised still, without a word: the list would otherwise be a 401.
  const list = await open("Messages", "listMessages");
  await replace(list.getByPlaceholder("group_id"), String(group));
  const listed = await execute(list);
  assert.equal(listed.status, 200, listed.text);
  assert.match(listed.text, /Hello, Grace!/);

  assert.deepEqual(complaints, [], "the console has no errors, and nothing breaks the page's policy");
  assert.deepEqual(elsewhere, [], "nothing was asked of another host");
  console.log("the Swagger page signs in, authorises, sends, lists and remembers the key");
} finally {
  await picture("end");
  await browser.close();
}
