/**
 * The service behind a host's published ports. Run as `node backend-program.ts NAME ADDRESS PORT`: every datagram and
 * every HTTP request is answered with the host's name, so that who asks a virtual IP learns which host served it.
 */
import { createSocket } from "node:dgram";
import { createServer } from "node:http";

const [name = "", address = "", port = ""] = process.argv.slice(2);

const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
socket.on("message", (_, client) => socket.send(name, client.port, client.address));
socket.bind(Number(port), address);

createServer((_, response) => response.end(`${name}\n`)).listen(Number(port), address);
