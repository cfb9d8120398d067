/** Looks on this host for what keeps the kernel from sending a group's adverts. */
import { findBlocker } from "../../iptables/filter-walk.ts";
import { readFilterTables } from "../../iptables/io/filter-tables.ts";
import { familyOf } from "../../network/address.ts";
import { readSysctl } from "../../system/io/proc.ts";
import type { Instance } from "../../vrrp/instance.ts";
import { describeFullTable, explainUnsent } from "../unsent-cause.ts";

const TRACKED = "net.netfilter.nf_conntrack_count";
const TRACKED_MAX = "net.netfilter.nf_conntrack_max";

/** `the table of tracked connections is full`; undefined where it is not. Reads two numbers of /proc. */
export function readFullTable(): string | undefined {
  return describeFullTable(readSysctl(TRACKED), readSysctl(TRACKED_MAX));
}

/** Why the kernel said `error` of an advert to `destination`. Never rejects. */
export async function lookForUnsentCause(
  instance: Instance,
  destination: string,
  error: string,
  signal: AbortSignal,
): Promise<string> {
  const tracked = readSysctl(TRACKED);
  const trackedMax = readSysctl(TRACKED_MAX);
  return explainUnsent({
    error,
    blocker: await readBlocker(instance, destination, signal),
    tracked,
    trackedMax,
  });
}

async function readBlocker(
  instance: Instance,
  destination: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const advert = {
    direction: "out",
    interface: instance.interface,
    source: instance.unicast?.source,
    destination,
  } as const;
  const reads = await readFilterTables([familyOf(destination)], signal);
  const blockers = reads.map(({ read }) =>
    read.kind === "table" ? findBlocker(read.text, advert) : undefined,
  );
  return blockers.find((blocker) => blocker !== undefined);
}
