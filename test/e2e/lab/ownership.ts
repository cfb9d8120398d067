/**
 * Watches the addresses of every host as the kernel reports them, so that a test can ask afterwards who held a
 * virtual IP when. Times are the kernel's netlink events as `ip monitor` stamps them, on the clock of Date.now().
 */
import { readFileSync } from "node:fs";
import { Child } from "./child.ts";
import { type AddressEvent, longestOverlap, longestVacancy, type Tenure, tenures } from "./tenure.ts";
import { until } from "./until.ts";

/** `[2026-11-22T14:00:40.032337] Deleted 2: eth0    inet 198.51.100.100/32 scope global ...` */
const EVENT = /^\[([^\]]+)\] (Deleted )?\d+: \S+\s+inet6? ([^/\s]+)/;

export class Ownership {
  readonly #events: AddressEvent[] = [];
  readonly #isHeld = new Map<string, boolean>();

  /** Resolves when every later change in the host's namespace will be seen. */
  async watch(host: string, namespace: string, onSpawn: (child: Child) => void): Promise<void> {
    const child = new Child({
      namespace,
      name: `the address monitor of ${host}`,
      command: ["ip", "-o", "-ts", "monitor", "address"],
      onLine: (text) => this.#record(host, text),
    });
    onSpawn(child);
    await until(() => isSubscribed(child.pid), 120_000, `${child.name} is subscribed`);
  }

  /** The intervals in which each host held the address. */
  tenures(address: string): Tenure[] {
    return tenures(this.#events, address);
  }

  /** How often a host took the address, since the given time. */
  transitions(address: string, sinceMs = 0): number {
    return this.tenures(address).filter((tenure) => tenure.fromMs >= sinceMs).length;
  }

  /** Milliseconds for which, at worst, two hosts held the address at the same time. */
  doubleOwnership(address: string, sinceMs = 0): number {
    return longestOverlap(this.tenures(address), { fromMs: sinceMs, toMs: Date.now() });
  }

  /** Milliseconds for which, at worst, no host held the address. */
  vacancy(address: string, sinceMs: number): number {
    return longestVacancy(this.tenures(address), { fromMs: sinceMs, toMs: Date.now() });
  }

  #record(host: string, text: string): void {
    const [, time, deleted, address] = EVENT.exec(text) ?? [];
    if (time === undefined || address === undefined) return;
    const isHeld = deleted === undefined;
    const key = `${host} ${address}`;
    // the lease renews an address several times a second
    if (this.#isHeld.get(key) === isHeld) return;
    this.#isHeld.set(key, isHeld);
    this.#events.push({ host, address, atMs: epochMs(time), isHeld });
  }
}

/** Microseconds kept, which Date.parse would cut off. The monitor runs with TZ=UTC. */
function epochMs(time: string): number {
  const [seconds = "", fraction = "0"] = time.split(".");
  return Date.parse(`${seconds}Z`) + Number(`0.${fraction}`) * 1_000;
}

/** Whether the process has a netlink socket that belongs to multicast groups. */
function isSubscribed(pid: number): boolean {
  const rows = readFileSync(`/proc/${pid}/net/netlink`, "utf8").split("\n");
  return rows.some((row) => {
    const [, , portId, groups] = row.trim().split(/\s+/);
    return portId === String(pid) && groups !== undefined && !/^0*$/.test(groups);
  });
}
