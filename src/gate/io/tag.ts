/**
 * The process that sets the gate's tag, for as long as it lives. It also monitors the rules, so it replaces `nft monitor`.
 *
 * The kernel removes its tables when it ends, and it ends with the agent, however the agent ends.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { type NftMonitor, openNftMonitor } from "../../iptables/io/nft-monitor.ts";
import {
  GATE_FAMILIES,
  type GateFamily,
  isAboutGate,
  ownerCommands,
  ownerFamilyOf,
  probeText,
} from "../tables.ts";
import { runNft } from "./nft.ts";

/** The families that can have a gate on this host, or why there is none. Leaves nothing behind. Never rejects. */
export async function probeOwnerTables(): Promise<
  { readonly families: readonly [GateFamily, ...GateFamily[]] } | { readonly reason: string }
> {
  const families: GateFamily[] = [];
  let reason = "";
  for (const family of GATE_FAMILIES) {
    const result = await runNft(probeText(family));
    if ("reason" in result) reason ||= result.reason;
    else families.push(family);
  }
  const [first, ...others] = families;
  return first === undefined ? { reason } : { families: [first, ...others] };
}

export interface TagOptions {
  readonly families: readonly GateFamily[];
  /** The tag is set now, or it may be missing since just now. */
  readonly onTag: (isSet: boolean) => void;
  /** The table that stays may have changed. */
  readonly onGateEvent: () => void;
  /** Rules of other programs changed. */
  readonly onRules: () => void;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export interface Tag {
  readonly monitor: NftMonitor;
  /** How long the tag has been missing; undefined while it is set. */
  untaggedMs(): number | undefined;
  /** Resolves when the tag is set, or after the time. */
  wait(timeoutMs: number): Promise<void>;
}

/** Keeps the process running until the signal aborts. */
export function openTag({ families, onTag, onGateEvent, onRules, log, signal }: TagOptions): Tag {
  const tagged = new Set<GateFamily>();
  const firstTag = Promise.withResolvers<void>();
  let untaggedSinceMs: number | undefined = performance.now();

  const takeOwner = (family: GateFamily): void => {
    tagged.add(family);
    if (tagged.size < families.length) return;
    untaggedSinceMs = undefined;
    firstTag.resolve();
    onTag(true);
  };
  const monitor = openNftMonitor({
    onChange: onRules,
    keeps: {
      commands: ownerCommands(families),
      takeLine: (line) => {
        const family = ownerFamilyOf(line);
        if (family !== undefined) takeOwner(family);
        if (isAboutGate(line) || mayHideEvents(line)) onGateEvent();
        return isAboutGate(line) || !isRuleEvent(line);
      },
      onEnd: () => {
        tagged.clear();
        untaggedSinceMs ??= performance.now();
        if (!signal.aborted) onTag(false);
      },
    },
    log,
    signal,
  });
  return {
    monitor,
    untaggedMs: () => (untaggedSinceMs === undefined ? undefined : performance.now() - untaggedSinceMs),
    wait: async (timeoutMs) => {
      await Promise.race([firstTag.promise, sleep(timeoutMs, undefined, { ref: false })]);
    },
  };
}

/** nft says so in a comment when the kernel dropped events. */
function mayHideEvents(line: string): boolean {
  return line.startsWith("#");
}

/** Everything after the list of tables, and what nft says about lost events. */
function isRuleEvent(line: string): boolean {
  return / rule /.test(line) || mayHideEvents(line);
}
