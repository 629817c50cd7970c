// A network that fails: a TCP proxy whose connections can be cut.
import { once } from "node:events";
import { connect, createServer } from "node:net";

/** Forwards to the port that is set later; `cut` resets all connections. */
export async function startProxy() {
  const sockets = new Set();
  const proxy = { target: 0, cut: () => sockets.forEach((socket) => socket.resetAndDestroy()) };
  const server = createServer((near) => {
    const far = connect(proxy.target, "127.0.0.1");
    for (const [socket, other] of [[near, far], [far, near]]) {
      sockets.add(socket);
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  proxy.host = `127.0.0.1:${server.address().port}`;
  proxy.stop = () => {
    server.close();
    proxy.cut();
  };
  return proxy;
}
