// A site of its own that shows the chat. Its backend keeps the key, so that no script of a page ever sees it, and
// gives the page tickets.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const SCRIPT = readFileSync(new URL("listener.js", import.meta.url));
const PAGE = '<!doctype html><meta charset="utf-8"><title>Chat</title><script src="/listener.js"></script>';

/** Starts it; `makeTicket` is set later. */
export async function startSite() {
  const site = { makeTicket: async () => ({}) };
  const server = createServer(async (request, response) => {
    if (request.method === "POST" && request.url === "/ticket") {
      response.setHeader("Content-Type", "application/json");
      response.end(JSON.stringify(await site.makeTicket()));
    } else if (request.url === "/listener.js") {
      response.setHeader("Content-Type", "text/javascript");
      response.end(SCRIPT);
    } else {
      response.setHeader("Content-Type", "text/html");
      response.end(PAGE);
    }
  });
  server.listen(0, "localhost");
  await once(server, "listening");
  site.origin = `http://localhost:${server.address().port}`;
  site.stop = () => {
    server.close();
    server.closeAllConnections();
  };
  return site;
}
