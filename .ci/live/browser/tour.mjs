// Pages that listen for events, in headless Chromium, over a network that fails. CHROMIUM, PROGRAM and WORK say where.
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { launch } from "./browser.mjs";
import { Listening } from "./listening.mjs";
import { startProxy } from "./proxy.mjs";
import { api, startServer } from "./server.mjs";
import { startSite } from "./site.mjs";

const [friend, client, stranger, proxy] = await Promise.all([startSite(), startSite(), startSite(), startProxy()]);
const browser = await launch();
const server = await startServer(
  ...["--events-allowed-origins", friend.origin, "--http-allowed-origins", client.origin, "--password-cost", "10"],
);

/** Sends one message after the other, until it is told to stop; then gives all of them. */
function talk(post, group, name) {
  const said = [];
  let goesOn = true;
  const talking = (async () => {
    while (goesOn) {
      const text = `${name} ${said.length}`;
      await post(`/groups/${group}/messages`, { text });
      said.push(text);
      await pause(20);
    }
  })();
  return async () => {
    goesOn = false;
    await talking;
    return said;
  };
}

/** A page loses its connection twice, and then the whole network, while somebody talks on. */
async function nothingIsLost(post, group, kind) {
  const listening = await Listening.open(browser, friend, kind, proxy.host);
  await listening.until("listener.opened === 1");
  const stop = talk(post, group, kind);
  for (const connections of [1, 2]) {
    await listening.until(`listener.texts.length >= ${connections * 10}`);
    proxy.cut();
    await listening.until(`listener.opened === ${connections + 1}`);
  }
  const { ended } = await listening.state();
  await listening.context.setOffline(true);
  await listening.until(`listener.ended > ${ended}`);
  await listening.context.setOffline(false);
  await listening.until("listener.opened === 4");

  const said = await stop();
  await listening.until(`listener.texts.length >= ${said.length}`);
  const { texts } = await listening.state();
  assert.deepEqual(texts, said, "each message once, in order");
  assert.deepEqual(listening.complaints, []);
  await listening.close();
  return listening.answers;
}

/** An EventSource comes back by itself with the ticket that it has used up. */
function ticketsWereUsedOnce(answers) {
  assert.deepEqual(answers.map(({ status }) => status), [200, 401, 200, 401, 200, 200]);
  const urls = answers.map(({ url }) => url);
  assert.equal(urls[1], urls[0]);
  assert.equal(urls[3], urls[2]);
  assert.equal(new Set(urls.map((url) => new URL(url).searchParams.get("ticket"))).size, 4);
}

/** The page of a site that is not in the list gets nothing, with a ticket that is good. */
async function anotherSiteIsRefused(kind) {
  const listening = await Listening.open(browser, stranger, kind, proxy.host);
  await listening.until("listener.ended >= 2");
  assert.equal((await listening.state()).opened, 0);
  await listening.close();
}

/** What a site's page gets when its script sends a message, and when it asks for a group that isn't there. */
async function scriptOf(site, key, group) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(site.origin);
  const answers = await page.evaluate(
    async ({ root, key, group }) => {
      const headers = { "X-API-Key": key, "Content-Type": "application/json" };
      const call = async (path, options) => {
        try {
          const response = await fetch(root + path, { headers, ...options });
          return [response.status, response.headers.get("X-Request-Id")?.length > 0];
        } catch (error) {
          return [error.name];
        }
      };
      const body = JSON.stringify({ text: "From the page of another site" });
      return [await call(`/groups/${group}/messages`, { method: "POST", body }), await call("/groups/999999")];
    },
    { root: `http://127.0.0.1:${server.port}/api`, key, group },
  );
  await context.close();
  return answers;
}

try {
  proxy.target = server.port;
  const { api_key: key } = await api(server.port)("/login", { username: "admin", password: server.password });
  const post = api(server.port, key);
  const { id: group } = await post("/groups", { name: "Seen in a browser" });
  for (const site of [friend, stranger]) {
    site.makeTicket = async () => ({ ticket: (await post("/events/ticket")).ticket });
  }
  await nothingIsLost(post, group, "SocketListener");
  ticketsWereUsedOnce(await nothingIsLost(post, group, "StreamListener"));
  await anotherSiteIsRefused("SocketListener");
  await anotherSiteIsRefused("StreamListener");
  const yes = [[201, true], [404, true]];
  assert.deepEqual(await scriptOf(client, key, group), yes, "a listed site uses the API");
  const no = [["TypeError"], ["TypeError"]];
  assert.deepEqual(await scriptOf(friend, key, group), no, "a site that may only listen doesn't");
  assert.deepEqual(await scriptOf(stranger, key, group), no);
  // A page is not told why; the log is whole once the server has stopped.
  await server.stop();
  for (const route of ["socket", "stream"]) assert.match(server.log(), new RegExp(`/${route} status=403`));
  console.log("pages missed nothing over WebSocket and EventSource; those of other sites do what they may");
} finally {
  await browser.close();
  await server.stop();
  [friend, client, stranger, proxy].forEach((each) => each.stop());
}
