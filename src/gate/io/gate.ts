/**
 * Keeps the gate: a host whose container was killed answers no ARP request and no neighbour solicitation for a VIP.
 *
 * A gate without its tag would block a healthy VIP. So the process that sets the tag is started again at once, and where
 * that fails, the gate is taken down. Only where neither works are the groups held back, and for a bounded time. Where nft
 * cannot do it, the agent tries again with growing pauses: it may be able to later.
 */
import { type NftMonitor, NO_NFT_MONITOR, openNftMonitor } from "../../iptables/io/nft-monitor.ts";
import type { RuleChanges } from "../../iptables/nat-schedule.ts";
import { createBackoff } from "../../system/backoff.ts";
import { GATE_FAMILIES } from "../tables.ts";
import { type KeepTableOptions, openTableKeeper } from "./keep-table.ts";
import { startTag, type TagAttempt } from "./start-tag.ts";

/** Pauses between attempts to have a gate for each family. An attempt costs two short runs of nft. */
const RETRY = { firstMs: 2_000, longestMs: 600_000 };

export interface GateOptions extends KeepTableOptions {
  /** Its abort ends attempts to set the tag: an nft that hangs does not keep the agent from its end. */
  readonly signal: AbortSignal;
}

export interface Gate {
  /** Calls back when rules of nft changed, other than those of the gate. For one subscriber, before `open`. */
  subscribeRules(onChange: () => void): RuleChanges;
  /** Replaces the addresses that this host does not answer for once its agent is dead. */
  setVips(vips: ReadonlySet<string>): void;
  /**
   * Starts the process that sets the tag. Call it only when no VIP of an earlier run is left: with the tag this host would
   * answer for it.
   */
  prepare(): void;
  /**
   * Puts the gate up, once, and prepares it unless that was done. Resolves once it is there, before keepalived may add a
   * VIP, or where this host has none now: then it is tried again later. Takes a few seconds at most. Never rejects.
   */
  open(): Promise<void>;
  /** Waits for the end of keepalived, then takes the gate down. No process of it is left then. Never rejects. */
  closeAfter(keepalivedEnded: Promise<unknown>): Promise<void>;
}

type SetTag = Extract<TagAttempt, { phase: "set" }>;

export function createGate({ log, signal, ...options }: GateOptions): Gate {
  const stop = new AbortController();
  const closing = new AbortController();
  const giveUp = AbortSignal.any([signal, closing.signal]);
  const keeper = openTableKeeper({ ...options, log });
  const backoff = createBackoff(RETRY);
  const processes: Promise<void>[] = [];
  let onRules: (() => void) | undefined;
  let monitor: NftMonitor = NO_NFT_MONITOR;
  let endPlainMonitor: (() => void) | undefined;
  let preparing: Promise<TagAttempt> | undefined;
  let opening: Promise<void> | undefined;
  let retrying: Promise<void> | undefined;
  let set: SetTag | undefined;
  let timer: NodeJS.Timeout | undefined;

  const attempt = async (): Promise<TagAttempt> => {
    const result = await startTag({
      tagged: set?.families.length ?? 0,
      onTag: keeper.checkNow,
      onGateEvent: keeper.checkSoon,
      onRules: () => onRules?.(),
      log,
      signal: stop.signal,
      giveUp,
    });
    if (result.phase === "set") processes.push(result.tag.monitor.ended);
    return result;
  };

  const useTag = async (next: SetTag): Promise<void> => {
    const former = set;
    set = next;
    await keeper.setTag(next);
    monitor = next.tag.monitor;
    endPlainMonitor?.();
    former?.end();
  };

  /** The rules are monitored without the process that would set the tag. */
  const openPlainMonitor = (): void => {
    if (onRules === undefined) return;
    const end = new AbortController();
    endPlainMonitor = () => end.abort();
    monitor = openNftMonitor({
      onChange: onRules,
      log,
      signal: AbortSignal.any([stop.signal, end.signal]),
    });
    processes.push(monitor.ended);
  };

  const retryLater = (): void => {
    if (giveUp.aborted || set?.families.length === GATE_FAMILIES.length) return;
    timer = setTimeout(() => {
      retrying = retry();
    }, backoff.nextMs()).unref();
  };
  const retry = async (): Promise<void> => {
    const result = await attempt();
    if (closing.signal.aborted) return;
    if (result.phase === "set") {
      await useTag(result);
      log.info({ families: result.families }, "the gate is up, after attempts that failed");
    }
    retryLater();
  };

  const open = async (): Promise<void> => {
    const isPrepared = preparing !== undefined;
    preparing ??= attempt();
    const prepared = await preparing;
    // the machine may have been busy only while it was prepared
    const mayRepeat = isPrepared && !giveUp.aborted;
    const result = prepared.phase === "failed" && mayRepeat ? await attempt() : prepared;
    if (result.phase === "set") await useTag(result);
    else if (!giveUp.aborted) {
      log.info(
        { reason: result.reason },
        "no gate: if its container is killed, this host keeps answering for its VIPs",
      );
      await keeper.setTag(result);
      openPlainMonitor();
    }
    retryLater();
  };

  return {
    prepare: () => {
      if (!giveUp.aborted) preparing ??= attempt();
    },
    subscribeRules: (onChange) => {
      onRules = onChange;
      return {
        get isListening() {
          return monitor.isListening;
        },
        get changedAtMs() {
          return monitor.changedAtMs;
        },
      };
    },
    setVips: keeper.setVips,
    open: () => {
      opening ??= open();
      return opening;
    },
    closeAfter: async (keepalivedEnded) => {
      await keepalivedEnded.catch(() => undefined);
      await opening;
      closing.abort();
      clearTimeout(timer);
      await preparing;
      await retrying;
      await keeper.close();
      stop.abort();
      await Promise.all(processes);
    },
  };
}
