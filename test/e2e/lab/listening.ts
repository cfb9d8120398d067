/** Whether a process can already be reached, read from the kernel so that the server sees no probe. */
import { readFileSync } from "node:fs";

const TCP_LISTEN = "0A";

/**
 * Whether anything listens on an IPv4 address and port in the network namespace of `pid`.
 * For UDP: whether a socket is bound there.
 */
export function isListening(pid: number, protocol: "tcp" | "udp", address: string, port: number): boolean {
  const rows = readTable(`/proc/${pid}/net/${protocol}`);
  const local = `${littleEndianHex(address)}:${port.toString(16).toUpperCase().padStart(4, "0")}`;
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

function littleEndianHex(address: string): string {
  const octets = address.split(".").map((octet) => Number(octet).toString(16).toUpperCase().padStart(2, "0"));
  return octets.reverse().join("");
}
