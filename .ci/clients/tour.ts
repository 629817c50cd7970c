// The README's tour with a client that is generated from the OpenAPI document. ORIGIN and PASSWORD say where.
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

type Message = components["schemas"]["Message"];

const baseUrl = process.env["ORIGIN"] ?? "http://127.0.0.1:5000";
const anonymous = createClient<paths>({ baseUrl });

/** A client that shows this key. */
const withKey = (key: string) => createClient<paths>({ baseUrl, headers: { "X-API-Key": key } });

async function signIn(username: string, password: string) {
  const { data, error } = await anonymous.POST("/api/login", { body: { username, password } });
  assert.ok(data, JSON.stringify(error));
  assert.equal(data.user.username, username);
  return withKey(data.api_key);
}

const admin = await signIn("admin", process.env["PASSWORD"] ?? "");
const people = [["ts-ada", "engine-no-1"], ["ts-grace", "compiler-A0"]] as const;
for (const [username, password] of people) {
  const { data, response } = await admin.POST("/api/users", { body: { username, password } });
  assert.equal(response.status, 201);
  assert.equal(response.headers.get("location"), `/api/users/${data?.id}`);
  assert.equal(data?.display_name, null);
}
const ada = await signIn("ts-ada", "engine-no-1");
const grace = await signIn("ts-grace", "compiler-A0");

const { data: group } = await ada.POST("/api/groups", {
  body: { name: "TypeScript engines", description: "Analytical ones" },
});
assert.ok(group);
assert.equal(group.my_role, "owner");
assert.equal(group.last_message, null);
const inGroup = { params: { path: { group_id: group.id } } };

const { data: member } = await ada.POST("/api/groups/{group_id}/members", {
  ...inGroup,
  body: { username: "ts-grace" },
});
assert.equal(member?.role, "member");

const { data: now } = await grace.GET("/api/events");
assert.ok(now);

const draft = { text: "Hello, Grace!", client_id: "hello-1" };
const send = () => ada.POST("/api/groups/{group_id}/messages", { ...inGroup, body: draft });
const sent = await send();
assert.equal(sent.response.status, 201);
const message: Message | undefined = sent.data;
assert.ok(message);
const again = await send();
assert.equal(again.response.status, 200);
assert.equal(again.data?.id, message.id);

// The type of an event tells what its data is.
const since = { params: { query: { cursor: now.cursor } } };
const { data: happened } = await grace.GET("/api/events", since);
const news = happened?.items.find((event) => event.type === "message.created");
assert.ok(news?.type === "message.created");
assert.equal(news.data.text, "Hello, Grace!");

const { data: found } = await grace.GET("/api/groups", { params: { query: { q: "SCRIPT eng" } } });
assert.equal(found?.items[0]?.unread, 1);
assert.equal(found?.items[0]?.last_message?.text, "Hello, Grace!");
const { data: page } = await grace.GET("/api/groups/{group_id}/messages", {
  params: { ...inGroup.params, query: { limit: 10 } },
});
assert.deepEqual(page, { items: [message], next: null });

const theMessage = { params: { path: { group_id: group.id, message_id: message.id } } };
const like = await grace.PUT("/api/groups/{group_id}/messages/{message_id}/like", theMessage);
assert.deepEqual(like.data, { likes: 1, liked: true });
const read = await grace.PUT("/api/groups/{group_id}/read", { ...inGroup, body: { seq: message.seq } });
assert.deepEqual(read.data, { read_seq: 1, unread: 0, read_version: 1, unread_mentions: 0 });

const { data: liked } = await ada.GET("/api/groups/{group_id}/messages/{message_id}", theMessage);
assert.equal(liked?.likes, 1);
const refused = await grace.PATCH("/api/groups/{group_id}/messages/{message_id}", {
  ...theMessage,
  body: { text: "Hello, Ada!" },
});
assert.equal(refused.error?.code, "not_author");

assert.equal((await ada.POST("/api/logout")).response.status, 204);
const { error: late } = await ada.GET("/api/users/me");
assert.equal(late?.code, "invalid_key");
console.log("the TypeScript client followed the tour");
