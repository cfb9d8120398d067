/** Whether a process can already be reached, read from the kernel so that the server sees no probe. */
import { readFileSync } from "node:fs";
import ipaddr from "ipaddr.js";

const TCP_LISTEN = "0A";

/**
 * Whether anything listens on an address and port in the network namespace of `pid`.
 * For UDP: whether a socket is bound there.
 */
export function isListening(pid: number, protocol: "tcp" | "udp", address: string, port: number): boolean {
  const bytes = ipaddr.parse(address).toByteArray();
  const rows = readTable(`/proc/${pid}/net/${protocol}${bytes.length === 4 ? "" : "6"}`);
  const local = `${littleEndianHex(bytes)}:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return rows.some(([, at, , state]) => at === local && (protocol === "udp" || state === TCP_LISTEN));
}

function readTable(path: string): string[][] {
  try {
    return readFileSync(path, "utf8")
      .split("\n")
      .map((row) => row.trim().split(/\s+/));
  } catch {
    return []; // the process has ended
  }
}

/** Each 32-bit word of the address backwards, as the kernel of a little-endian machine prints it. */
function littleEndianHex(bytes: readonly number[]): string {
  return bytes
    .map((_, index) => bytes[index - (index % 4) + 3 - (index % 4)] ?? 0)
    .map((byte) => byte.toString(16).toUpperCase().padStart(2, "0"))
    .join("");
}
