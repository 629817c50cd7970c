// What a page does with passkeys, in headless Chromium with a virtual authenticator. SITE, PASSWORD and CHROMIUM say where.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { launch } from "./browser.mjs";

const { SITE, PASSWORD } = process.env;

/** Calls the server. Gives the status and the body. */
async function call(method, path, body, key) {
  const headers = { "Content-Type": "application/json", ...(key && { "X-API-Key": key }) };
  const response = await fetch(`${SITE}/api${path}`, { method, headers, body: body && JSON.stringify(body) });
  const text = await response.text();
  return { status: response.status, body: text && JSON.parse(text) };
}

async function expected(status, method, path, body, key) {
  const answer = await call(method, path, body, key);
  assert.equal(answer.status, status, `${method} ${path}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

const browser = await launch();

/** A page of a site, with an authenticator of its own. */
async function pageAt(site) {
  const page = await browser.newPage();
  await page.goto(site);
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  const options = {
    protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true,
    isUserVerified: true, automaticPresenceSimulation: true, defaultBackupEligibility: false,
  };
  const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", { options });
  const send = (method, more) => devtools.send(`WebAuthn.${method}`, { authenticatorId, ...more });
  return { page, send };
}

/** What `navigator.credentials.create()` makes of options of the server, as JSON. */
const make = (page, options) => page.evaluate(async (options) => {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return (await navigator.credentials.create({ publicKey })).toJSON();
}, options);

/** The same of `get()`. */
const show = (page, options) => page.evaluate(async (options) => {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return (await navigator.credentials.get({ publicKey })).toJSON();
}, options);

const FINISH = "/login/passkey/finish";

async function signIn(page, change = {}) {
  const { ceremony, options } = await expected(200, "POST", "/login/passkey");
  return call("POST", FINISH, { ceremony, credential: await show(page, { ...options, ...change }) });
}

const { page, send } = await pageAt(SITE);
const credentials = { username: "admin", password: PASSWORD };
const { api_key: key } = await expected(200, "POST", "/login", credentials);

console.log("registering");
const begun = await expected(200, "POST", "/users/me/mfa/passkeys", { password: PASSWORD }, key);
const credential = await make(page, begun.options);
const finish = { ceremony: begun.ceremony, name: "Chromium", credential };
const registered = await expected(200, "POST", "/users/me/mfa/passkeys/finish", finish, key);
assert.equal(registered.recovery_codes.length, 10);
const stored = await send("getCredentials");
assert.equal(stored.credentials[0].isResidentCredential, true);
// The browser knows that this authenticator has one.
const again = await expected(200, "POST", "/users/me/mfa/passkeys", { password: PASSWORD }, key);
await assert.rejects(make(page, again.options), /InvalidStateError/);

console.log("as a second factor");
const { ticket, methods } = await expected(401, "POST", "/login", credentials);
assert.deepEqual(methods, ["passkey", "recovery_code"]);
const asked = await expected(200, "POST", "/login/mfa/passkey", { ticket });
const shown = await show(page, asked.options);
const second = await expected(200, "POST", "/login/mfa/passkey/finish", { ticket, ceremony: asked.ceremony, credential: shown });
await expected(200, "GET", "/users/me", undefined, second.api_key);

console.log("without a password");
const first = await signIn(page);
assert.deepEqual([first.status, first.body.user?.username], [200, "admin"]);
const one = await expected(200, "POST", "/login/passkey");
const answer = { ceremony: one.ceremony, credential: await show(page, one.options) };
await expected(200, "POST", FINISH, answer);
await expected(401, "POST", FINISH, answer);

console.log("an authenticator that begins to back up its passkeys");
const credentialId = stored.credentials[0].credentialId;
await send("setCredentialProperties", { credentialId, backupEligibility: true, backupState: true });
assert.equal((await signIn(page)).status, 200);
assert.equal((await signIn(page)).status, 200);

console.log("a user who is not verified");
await send("setUserVerified", { isUserVerified: false });
await assert.rejects(signIn(page), /NotAllowedError/);
const unverified = await signIn(page, { userVerification: "discouraged" });
assert.deepEqual([unverified.status, unverified.body.code], [401, "invalid_passkey"]);
await send("setUserVerified", { isUserVerified: true });

console.log("a copy of the authenticator");
const { credentials: [copy] } = await send("getCredentials");
assert.equal((await signIn(page)).status, 200);
await send("removeCredential", { credentialId });
await send("addCredential", { credential: copy });
const copied = await signIn(page);
assert.deepEqual([copied.status, copied.body.code], [401, "invalid_passkey"]);

console.log("another site of the same host");
const other = createServer((_, response) => response.setHeader("Content-Type", "text/html").end("<p>elsewhere</p>"));
await new Promise((listening) => other.listen(0, "127.0.0.1", listening));
const elsewhere = await pageAt(`http://localhost:${other.address().port}`);
await elsewhere.send("addCredential", { credential: { ...copy, signCount: 1000 } });
const phished = await signIn(elsewhere.page);
assert.deepEqual([phished.status, phished.body.code], [401, "invalid_passkey"]);

other.close();
await browser.close();
console.log("passkeys work");
