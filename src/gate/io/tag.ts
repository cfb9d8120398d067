/**
 * The process that sets the gate's tag, for as long as it lives. It also monitors the rules, so it replaces `nft monitor`.
 *
 * The kernel removes its tables when it ends, and it ends with the agent, however the agent ends.
 */
import { hrtime } from "node:process";
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

/** The families that can have a gate on this host, and why another one has none. Leaves nothing behind. Never rejects. */
export async function probeOwnerTables(giveUp: AbortSignal): Promise<{
  readonly families: readonly GateFamily[];
  readonly reason: string | undefined;
}> {
  const results = await Promise.all(GATE_FAMILIES.map((family) => runNft(probeText(family), giveUp)));
  const families = GATE_FAMILIES.filter((_, index) => !("reason" in (results[index] ?? { reason: "" })));
  const [reason] = results.flatMap((result) => ("reason" in result ? result.reason : []));
  return { families, reason };
}

/** nft needs some ms. A process that has not set the tag by then does not: it is replaced. */
export const SET_TIMEOUT_MS = 5_000;
/** An nft that was built without its interactive mode ends at once, each time. */
const MOST_ENDS = 3;

export interface TagOptions {
  readonly families: readonly GateFamily[];
  /** The tag is set now, or it may have gone missing just now. */
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
  /**
   * Whether the tag is set within the time, and before `giveUp` aborts. A process that ends at once again and again does not
   * get the whole time.
   */
  wait(timeoutMs: number, giveUp: AbortSignal): Promise<boolean>;
}

/** Keeps the process running until the signal aborts. */
export function openTag({ families, onTag, onGateEvent, onRules, log, signal }: TagOptions): Tag {
  const tagged = new Set<GateFamily>();
  const firstTag = Promise.withResolvers<boolean>();
  const id = hrtime.bigint().toString(36); // the clock of the host, so it is unique on the host
  let ends = 0;
  let lateTimer: NodeJS.Timeout | undefined;
  let untaggedSinceMs: number | undefined = performance.now();

  const takeOwner = (family: GateFamily): void => {
    tagged.add(family);
    if (tagged.size < families.length) return;
    untaggedSinceMs = undefined;
    clearTimeout(lateTimer);
    firstTag.resolve(true);
    onTag(true);
  };
  const monitor = openNftMonitor({
    onChange: onRules,
    keeps: {
      commands: ownerCommands(families, id),
      onStart: (end) => {
        lateTimer = setTimeout(end, SET_TIMEOUT_MS).unref();
      },
      takeLine: (line) => {
        const family = ownerFamilyOf(line, id);
        if (family !== undefined) takeOwner(family);
        if (isAboutGate(line) || mayHideEvents(line)) onGateEvent();
        return isAboutGate(line) || !isRuleEvent(line);
      },
      onEnd: () => {
        clearTimeout(lateTimer);
        tagged.clear();
        ends += 1;
        if (ends >= MOST_ENDS) firstTag.resolve(false);
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
    wait: (timeoutMs, giveUp) => {
      const late = sleep(timeoutMs, false, { ref: false, signal: giveUp }).catch(() => false);
      return Promise.race([firstTag.promise, late]);
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
