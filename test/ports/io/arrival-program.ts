/**
 * What stands behind ports: answers everybody who comes with the address and port where they came, as `10.42.1.2:80`.
 * Run as `node arrival-program.ts PORTS ADDRESSES`, lists with commas. Prints a line when it listens.
 */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";

const [ports = "", addresses = ""] = process.argv.slice(2);

for (const port of ports.split(",").map(Number)) {
  const server = createServer((socket: Socket) => {
    socket.on("error", () => undefined);
    socket.end(`${socket.localAddress}:${port}`);
  });
  await once(server.listen(port, "0.0.0.0"), "listening");
  // a socket for each address, so that the answer comes from the address that was asked
  for (const address of addresses.split(",")) {
    const socket = createSocket("udp4");
    socket.on("message", (_, client) => socket.send(`${address}:${port}`, client.port, client.address));
    await once(socket.bind(port, address), "listening");
  }
}
process.stdout.write("listening\n");
