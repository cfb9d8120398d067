/**
 * Clients of a virtual IP, one for each source address. Run as `node clients-program.ts VIP SOURCES`, a list with commas.
 * Each line on stdin is a list of ports, such as `[["tcp",80]]`. Every client asks each of them where it came, and one line
 * of JSON has the answers: a list for each port, in the order of the sources. No answer is `timeout`, or the code of the error.
 */
import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { createInterface } from "node:readline";

const TIMEOUT_MS = 3_000;
/** Each connection has a source port of its own for long: connection tracking still knows the former one. */
const SOURCE_PORTS = { first: 20_000, last: 60_000 };

const [vip = "", sources = ""] = process.argv.slice(2);
let sourcePort = SOURCE_PORTS.first;

function askByTcp(source: string, localPort: number, port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: vip, port, localAddress: source, localPort });
    const end = (answer: string) => {
      // a reset leaves nothing that waits, on either side
      socket.resetAndDestroy();
      resolve(answer);
    };
    socket.setTimeout(TIMEOUT_MS, () => end("timeout"));
    socket.once("error", (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
    socket.once("data", (answer) => end(answer.toString()));
  });
}

function askByUdp(source: string, localPort: number, port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    const end = (answer: string) => {
      clearTimeout(timer);
      socket.close();
      resolve(answer);
    };
    const timer = setTimeout(() => end("timeout"), TIMEOUT_MS);
    socket.once("error", (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
    socket.once("message", (answer) => end(answer.toString()));
    socket.bind(localPort, source, () => socket.connect(port, vip, () => socket.send("?")));
  });
}

createInterface({ input: process.stdin }).on("line", async (line) => {
  const ports: ["tcp" | "udp", number][] = JSON.parse(line);
  const answers = ports.map(([protocol, port]) => {
    sourcePort = sourcePort < SOURCE_PORTS.last ? sourcePort + 1 : SOURCE_PORTS.first;
    const ask = protocol === "tcp" ? askByTcp : askByUdp;
    const localPort = sourcePort;
    return Promise.all(sources.split(",").map((source) => ask(source, localPort, port)));
  });
  process.stdout.write(`${JSON.stringify(await Promise.all(answers))}\n`);
});
