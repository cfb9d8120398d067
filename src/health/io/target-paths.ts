/**
 * Watches what lets packets through to the targets behind the published ports: forwarding, routes, the filter tables.
 *
 * Routes and tables are read by processes, so they are read rarely while all is well, and nothing waits for them. A fault is
 * read again each time before it counts, because rules may be half written at one moment.
 */
import { readFilterTables } from "../../iptables/io/filter-tables.ts";
import type { NftChanges } from "../../iptables/nat-schedule.ts";
import type { FilterRead } from "../../iptables/table-read.ts";
import { findRoute, mayRouteByPolicy } from "../../network/io/iproute.ts";
import type { Route } from "../../network/ip-json.ts";
import { readSysctl } from "../../system/io/proc.ts";
import { shareUpcomingRun } from "../../system/serial-queue.ts";
import {
  findPathFault,
  forwardingOff,
  isForwarded,
  type PathFault,
  type TranslatedPacket,
} from "../target-path.ts";

/**
 * nft reports changes of rules, and nobody those of legacy rules, of policies and of routes. So all are read this often. Each
 * reading starts up to three processes, which cost more CPU time than all else that this check does.
 */
const MAX_AGE_MS = 10_000;
/** A packet that nobody asked about for this long is forgotten. */
const FORGOTTEN_MS = 60_000;

export interface TargetPathsOptions {
  readonly nftChanges: NftChanges;
  /** Ends the readings. */
  readonly signal: AbortSignal;
}

export interface FoundFault {
  readonly fault: PathFault;
  /** Whether nothing stopped the packet earlier in this run of the agent. */
  readonly wasOpen: boolean;
}

export interface TargetPaths {
  /** What surely stops each packet; undefined where it may get through, and where nothing was read yet. Never rejects. */
  faultsOf(packets: readonly TranslatedPacket[]): Promise<readonly (FoundFault | undefined)[]>;
  /** The next call begins a reading: a target does not answer. */
  invalidate(): void;
}

interface Known {
  readonly isForwarded: boolean;
  readonly fault: PathFault | undefined;
}

export function createTargetPaths({ nftChanges, signal }: TargetPathsOptions): TargetPaths {
  const wanted = new Map<string, { readonly packet: TranslatedPacket; readonly askedMs: number }>();
  let known: ReadonlyMap<string, Known> = new Map();
  const open = new Set<string>();
  const find = (packet: TranslatedPacket, key: string): FoundFault | undefined => {
    const ofPacket = known.get(key);
    const fault = faultNow(packet, ofPacket);
    if (fault !== undefined) return { fault, wasOpen: open.has(key) };
    if (ofPacket?.isForwarded) open.add(key);
    return undefined;
  };
  let readAtMs = Number.NEGATIVE_INFINITY;
  const read = shareUpcomingRun(async (): Promise<void> => {
    const startedMs = performance.now();
    readAtMs = startedMs;
    for (const [key, { askedMs }] of wanted) {
      if (startedMs - askedMs <= FORGOTTEN_MS) continue;
      wanted.delete(key);
      open.delete(key);
    }
    const packets = [...wanted].map(([key, { packet }]) => [key, packet] as const);
    const filters = await readFilterTables(["ipv4"], signal);
    const routes = await readRoutes(packets.map(([, { target }]) => target));
    known = new Map(await judge(packets, routes, filters));
  });
  const isDue = (keys: readonly string[]): boolean => {
    const isOld = performance.now() - readAtMs >= MAX_AGE_MS || nftChanges.changedAtMs >= readAtMs;
    return isOld || keys.some((key) => !known.has(key));
  };
  return {
    faultsOf: async (packets) => {
      const keys = packets.map((packet) => JSON.stringify(packet));
      packets.forEach((packet, index) => {
        wanted.set(keys[index] ?? "", { packet, askedMs: performance.now() });
      });
      if (keys.some((key) => known.get(key)?.fault !== undefined)) await read();
      else if (isDue(keys)) void read();
      return packets.map((packet, index) => find(packet, keys[index] ?? ""));
    },
    invalidate: () => {
      readAtMs = Number.NEGATIVE_INFINITY;
    },
  };
}

function faultNow({ inInterface }: TranslatedPacket, known: Known | undefined): PathFault | undefined {
  if (known?.isForwarded !== true) return undefined;
  const setting = findForwardingOff(inInterface);
  return setting === undefined ? known.fault : forwardingOff(setting);
}

/** The kernel decides by the setting of the interface that a packet comes in through. A setting that cannot be read is none. */
function findForwardingOff(inInterface: string | undefined): string | undefined {
  const name = inInterface === undefined ? "net.ipv4.ip_forward" : `net.ipv4.conf.${inInterface}.forwarding`;
  return readSysctl(name) === 0 ? name : undefined;
}

async function readRoutes(addresses: readonly string[]): Promise<ReadonlyMap<string, Route>> {
  const routes = new Map<string, Route>();
  for (const address of new Set(addresses)) routes.set(address, await findRoute(address));
  return routes;
}

async function judge(
  packets: readonly (readonly [key: string, packet: TranslatedPacket])[],
  routes: ReadonlyMap<string, Route>,
  filters: readonly FilterRead[],
): Promise<[string, Known][]> {
  const judgeWith = (hasOtherRoutes: boolean) =>
    packets.map(([key, packet]): [string, Known] => {
      const route = routes.get(packet.target) ?? { kind: "unknown" };
      const fault = findPathFault(packet, { route, hasOtherRoutes, filters });
      return [key, { isForwarded: isForwarded(route), fault }];
    });
  const byOwnRoutes = judgeWith(false);
  const hasFault = byOwnRoutes.some(([, { fault }]) => fault !== undefined);
  return hasFault && (await mayRouteByPolicy()) ? judgeWith(true) : byOwnRoutes;
}
