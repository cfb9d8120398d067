/**
 * Asks a virtual IP who serves it, over and over. Run as `node probe-program.ts VIP PORT INTERVAL_MS TIMEOUT_MS`; a
 * process of its own, so that nothing else delays its timers. One JSON line a probe, once its fate is known; see
 * probe-report.ts for the fields. SIGTERM: asks no more, waits for the open probes, ends.
 *
 * Each probe is a datagram from a new socket, hence a new source port: connection tracking then sees a new flow every
 * time, and the answer cannot be mistaken for another probe's.
 */
import { createSocket, type Socket } from "node:dgram";

const [vip = "", port = "", interval = "", timeout = ""] = process.argv.slice(2);
const intervalMs = Number(interval);
const timeoutMs = Number(timeout);

/** Open probes by the time they were sent, oldest first. */
const open = new Map<Socket, number>();
let isStopping = false;
let nextMs = now();

function now(): number {
  return performance.timeOrigin + performance.now();
}

function probe(): void {
  const socket = createSocket(vip.includes(":") ? "udp6" : "udp4");
  open.set(socket, now());
  socket.on("message", (answer, sender) => {
    if (sender.address === vip) settle(socket, answer.toString());
  });
  socket.on("error", () => settle(socket, null));
  socket.send("?", Number(port), vip);
}

function settle(socket: Socket, by: string | null): void {
  const sentAtMs = open.get(socket);
  if (sentAtMs === undefined) return;
  open.delete(socket);
  socket.close();
  process.stdout.write(`${JSON.stringify({ sentAtMs, by, roundTripMs: now() - sentAtMs })}\n`);
}

function giveUpOnOld(): void {
  for (const [socket, sentAtMs] of open) {
    if (now() - sentAtMs < timeoutMs) return;
    settle(socket, null);
  }
}

function tick(): void {
  giveUpOnOld();
  if (isStopping && open.size === 0) return;
  if (!isStopping) probe();
  // A late tick is not made up for: a burst of probes would say nothing about the time that was missed.
  nextMs = Math.max(nextMs + intervalMs, now());
  setTimeout(tick, nextMs - now());
}

process.on("SIGTERM", () => {
  isStopping = true;
});
tick();
