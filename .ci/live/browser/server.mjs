// The program as a child, and the calls that make what the pages are to show. PROGRAM and WORK say where.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { openSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const { PROGRAM, WORK } = process.env;
const LOG = `${WORK}/log`;

/** Starts a server on fresh data; gives its port, the password of the user admin, its log, and what stops it. */
export async function startServer(...settings) {
  const options = ["--data-dir", `${WORK}/data`, "--listen", "127.0.0.1:0", ...settings];
  const stdio = ["ignore", "pipe", openSync(LOG, "w")];
  const child = spawn(PROGRAM, ["serve", ...options], { stdio });
  const exit = once(child, "exit");
  const stop = async () => {
    child.kill();
    await exit;
  };
  const log = () => readFileSync(LOG, "utf8");
  const said = {};
  for await (const line of createInterface(child.stdout)) {
    said.port ??= line.match(/ listens on http:\/\/127\.0\.0\.1:(\d+)/)?.[1];
    said.password ??= line.match(/^ *password: (.*)/)?.[1];
    if (said.port && said.password) return { ...said, port: Number(said.port), stop, log };
  }
  assert.fail(`the server does not start:\n${log()}`);
}

/** What calls the API at the port, with a key if there is one. */
export function api(port, key = "") {
  return async (path, body = {}) => {
    const answer = await fetch(`http://127.0.0.1:${port}/api${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-API-Key": key },
      body: JSON.stringify(body),
    });
    assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`);
    return answer.json();
  };
}
