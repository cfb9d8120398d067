/**
 * `render` on a host of its own, with a metadata service beside it. Run in a new network namespace as
 * `node render-program.ts ANSWERS ARGUMENT...`: prints the exit status and what went to stdout and stderr, as JSON.
 */
import path from "node:path";
import { execa } from "execa";
import pino from "pino";
import { openMetadataServer } from "../../src/metadata-server/io/server.ts";

const PROGRAM = path.join(import.meta.dirname, "..", "..", "dist", "rancher-keepalived.mjs");
const NETWORK = [
  "link set lo up",
  "link add eth0 type veth peer name cable",
  "address add 198.51.100.11/24 dev eth0",
  "link set eth0 up",
];

const [answersFile = "", ...args] = process.argv.slice(2);
for (const command of NETWORK) await execa("ip", command.split(" "));
const stop = new AbortController();
const log = pino({ level: "silent" });
const server = await openMetadataServer({
  answersFile,
  host: "127.0.0.1",
  port: 0,
  log,
  signal: stop.signal,
});
const { exitCode, stdout, stderr } = await execa(process.execPath, [PROGRAM, "render", ...args], {
  env: { METADATA_URL: `http://127.0.0.1:${server.port}` },
  reject: false,
});
process.stdout.write(JSON.stringify({ exitCode, stdout, stderr }));
stop.abort();
await server.closed;
