/**
 * Reports changes of this host's links, addresses and default routes within a few ms, as the kernel announces them.
 *
 * The listener process hears the announcements (src/wire/network-changes.pl), and wakes the agent only where something
 * changed. What changed is not derived from them: the network itself is read for that, so an extra event does no harm.
 */
import type { Writable } from "node:stream";
import { coalesce } from "../../system/io/coalesce.ts";
import { parseNetworkNews } from "../network-news.ts";

/** A burst of changes is reported at once and then at this interval: sooner than hosts notice that an owner is silent. */
const COALESCE_MS = 150;
/** An agent that starts reads the network once within this time. What changed untold before is looked for after it. */
const READY_AFTER_MS = 1_000;

export interface NetworkMonitorOptions {
  /** Whether keepalived adds and removes this canonical address. Then `onVipChange` is called instead of `onChange`. */
  readonly isVip: (address: string) => boolean;
  /**
   * An address, VIP or not, was removed from an interface; `isLapse`: by the kernel, at the end of its lifetime. Called at
   * once, in a burst too. Not after the abort.
   */
  readonly onRemoved?: (address: string, isLapse: boolean) => void;
  /** An address cannot send yet, or may never. Called at once. */
  readonly onTentative?: (address: string) => void;
  /** A VIP was added, changed or removed. Coalesced. Not called after the abort. */
  readonly onVipChange?: () => void;
  /** Any of these happened, or may have: an earlier reading of the network is out of date. Called at once. */
  readonly onEvent?: () => void;
  /** Whether changes are reported from now on. */
  readonly onListening?: (isListening: boolean) => void;
  /** The network changed, or may have changed before the monitor listened. Coalesced. Not called after the abort. */
  readonly onChange: () => void;
  readonly signal: AbortSignal;
}

export interface NetworkMonitor {
  /** What the listener process is told, and what it tells. */
  readonly companion: {
    readonly word: string;
    onStart(input: Writable): void;
    onLine(text: string): void;
    onEnd(): void;
  };
  /** To be called once. Until then nothing is reported. */
  watch(options: NetworkMonitorOptions): void;
}

export function createNetworkMonitor(): NetworkMonitor {
  let input: Writable | undefined;
  let takeNews: ((text: string) => void) | undefined;
  let onReady: (() => void) | undefined;
  let onEnd: (() => void) | undefined;
  let readyTimer: NodeJS.Timeout | undefined;
  const listen = () => {
    if (takeNews !== undefined && input?.writable) input.write("network-go\n");
  };
  return {
    companion: {
      word: "network",
      onStart: (stdin) => {
        input = stdin;
        listen();
      },
      onLine: (text) => {
        if (text === "open") readyTimer = setTimeout(() => onReady?.(), READY_AFTER_MS).unref();
        else takeNews?.(text);
      },
      onEnd: () => {
        input = undefined;
        clearTimeout(readyTimer);
        onEnd?.();
      },
    },
    watch: (options) => {
      const report = createReporter(options);
      takeNews = report.takeNews;
      onReady = () => {
        if (options.signal.aborted) return;
        options.onListening?.(true);
        report.change();
      };
      onEnd = () => options.onListening?.(false);
      if (input === undefined) onEnd();
      listen();
    },
  };
}

interface Reporter {
  takeNews(text: string): void;
  /** Anything may have changed. */
  change(): void;
}

function createReporter(options: NetworkMonitorOptions): Reporter {
  const { isVip, signal } = options;
  const change = coalesce(options.onChange, COALESCE_MS, signal);
  const reportVipChange = coalesce(() => options.onVipChange?.(), COALESCE_MS, signal);
  const takeNews = (text: string) => {
    const news = parseNetworkNews(text);
    options.onEvent?.();
    if (news.kind === "other") return;
    if (news.kind === "removed") options.onRemoved?.(news.address, news.isLapse);
    if (news.kind === "address" && news.isTentative) options.onTentative?.(news.address);
    if ("address" in news && isVip(news.address)) reportVipChange();
    else change();
  };
  return { takeNews, change };
}
