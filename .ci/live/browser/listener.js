// What a page has to do so that it never misses an event: keep the last cursor, and open each connection with it
// and with a new ticket, which is good once.
"use strict";

/** How long to wait before the next attempt, in milliseconds. */
const PAUSE = 200;

class Listener {
  /** What the messages say, as they came. */
  texts = [];
  cursor = null;
  /** Connections that there have been, and attempts that are over. */
  opened = 0;
  ended = 0;

  constructor(host) {
    this.host = host;
  }

  async listen() {
    try {
      const answer = await fetch("/ticket", { method: "POST" });
      const query = new URLSearchParams(await answer.json());
      if (this.cursor) query.set("cursor", this.cursor);
      await this.connect(query);
    } catch {
      // Without a network there is no ticket either.
    }
    this.ended += 1;
    setTimeout(() => this.listen(), PAUSE);
  }

  /** Ends when the connection does. A browser that goes offline would notice that late. */
  over(connection, listenForEnd) {
    return new Promise((resolve) => {
      listenForEnd(resolve);
      const leave = () => {
        connection.close();
        resolve();
      };
      addEventListener("offline", leave, { once: true });
    });
  }

  take({ data }) {
    const event = JSON.parse(data);
    if (event.type === "hello") this.opened += 1;
    if (event.type === "message.created") this.texts.push(event.data.text);
    if (event.cursor) this.cursor = event.cursor;
  }
}

/** Over WebSocket. */
class SocketListener extends Listener {
  connect(query) {
    const socket = new WebSocket(`ws://${this.host}/api/events/socket?${query}`);
    socket.onmessage = (message) => this.take(message);
    return this.over(socket, (end) => {
      socket.onclose = end;
    });
  }
}

/** Over server-sent events. */
class StreamListener extends Listener {
  connect(query) {
    const source = new EventSource(`http://${this.host}/api/events/stream?${query}`);
    source.onmessage = (message) => this.take(message);
    return this.over(source, (end) => {
      // After a lost connection the browser asks for the same URL by itself. The ticket in it is used up, so the
      // answer is a 401, after which the browser gives up and the page begins anew.
      source.onerror = () => source.readyState === EventSource.CLOSED && end();
    });
  }
}
