/**
 * Watches what lets packets through to the targets behind the published ports: forwarding, routes, the filter tables.
 *
 * Routes and tables are read rarely while all is well, and nothing waits for them. A fault is read again each time before it
 * counts, because rules may be half written at one moment.
 */
import type { RuleChanges } from "../../iptables/nat-schedule.ts";
import { readSysctl } from "../../system/io/proc.ts";
import { shareUpcomingRun } from "../../system/serial-queue.ts";
import { forwardingOff, forwardingSetting, type PathFault, type TranslatedPacket } from "../target-path.ts";
import { openPathReader, type PathReaderOptions, type PathReading } from "./path-reader.ts";

/** Changes of rules are reported, where they can be, but not those of policies and routes. So all are read this often. */
const MAX_AGE_MS = 10_000;
/** A packet that no probe asked about for this long is forgotten. */
const FORGOTTEN_MS = 60_000;

export interface FoundFault {
  readonly fault: PathFault;
  /** Whether nothing stopped the packet earlier in this run of the agent. */
  readonly wasOpen: boolean;
}

export interface TargetPaths {
  /**
   * What certainly stops each packet; undefined where it may get through, or where nothing was read yet. Never rejects.
   */
  faultsOf(packets: readonly TranslatedPacket[]): Promise<readonly (FoundFault | undefined)[]>;
  /** The next call begins a reading: a target does not answer. */
  invalidate(): void;
}

export interface TargetPathsOptions extends PathReaderOptions {
  readonly legacyChanges: RuleChanges;
}

export function createTargetPaths(options: TargetPathsOptions): TargetPaths {
  const { nftChanges, legacyChanges } = options;
  const reader = openPathReader(options);
  const wanted = new Map<string, { readonly packet: TranslatedPacket; readonly askedMs: number }>();
  let known: ReadonlyMap<string, PathReading> = new Map();
  const open = new Set<string>();
  const find = (packet: TranslatedPacket, key: string): FoundFault | undefined => {
    const ofPacket = known.get(key);
    const fault = faultNow(packet, ofPacket);
    if (fault !== undefined) return { fault, wasOpen: open.has(key) };
    if (ofPacket?.isForwarded) open.add(key);
    return undefined;
  };
  let readAtMs = Number.NEGATIVE_INFINITY;
  let isInvalid = false;
  const hasFault = () => [...known.values()].some(({ fault }) => fault !== undefined);
  const read = shareUpcomingRun(async (): Promise<void> => {
    const startedMs = performance.now();
    readAtMs = startedMs;
    for (const [key, { askedMs }] of wanted) {
      if (startedMs - askedMs <= FORGOTTEN_MS) continue;
      wanted.delete(key);
      open.delete(key);
    }
    const isUrgent = isInvalid || hasFault();
    isInvalid = false;
    const keys = [...wanted.keys()];
    const readings = await reader.read(
      [...wanted.values()].map(({ packet }) => packet),
      isUrgent,
    );
    known = new Map(readings.map((reading, index) => [keys[index] ?? "", reading]));
  });
  const isDue = (keys: readonly string[]): boolean => {
    const changedAtMs = Math.max(nftChanges.changedAtMs, legacyChanges.changedAtMs);
    const isOld = performance.now() - readAtMs >= MAX_AGE_MS || changedAtMs >= readAtMs;
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
      isInvalid = true;
      readAtMs = Number.NEGATIVE_INFINITY;
    },
  };
}

function faultNow(packet: TranslatedPacket, known: PathReading | undefined): PathFault | undefined {
  if (known?.isForwarded !== true) return undefined;
  const setting = forwardingSetting(packet);
  // a setting that cannot be read is none
  return readSysctl(setting) === 0 ? forwardingOff(setting) : known.fault;
}
