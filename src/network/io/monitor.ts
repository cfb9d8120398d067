/**
 * Reports changes of this host's links, addresses and default routes within a few ms, by `ip monitor`.
 *
 * It does not parse what changed: the network itself is read for that, so an extra event does no harm. It costs nothing
 * while nothing happens.
 */
import type { Logger } from "pino";
import { coalesce } from "../../system/io/coalesce.ts";
import { runMonitorProgram } from "../../system/io/monitor-program.ts";
import { createKnownAddresses } from "../known-addresses.ts";
import { isLapse, isNetworkChange, isVipChange, removedAddress, tentativeAddress } from "../monitor-line.ts";

/** A burst of changes is reported at once and then at this interval: sooner than hosts notice that an owner is silent. */
const COALESCE_MS = 150;
/** `ip monitor` needs some ms from its start until it listens, more on a loaded host. */
const READY_AFTER_MS = 1_000;
const RESTART = { firstMs: 1_000, longestMs: 60_000 };

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
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export interface NetworkMonitor {
  /** Resolves after the abort; no process of the monitor is left then. Never rejects. */
  readonly ended: Promise<void>;
}

export function openNetworkMonitor(options: NetworkMonitorOptions): NetworkMonitor {
  const { isVip, log, signal } = options;
  const reportChange = coalesce(options.onChange, COALESCE_MS, signal);
  const reportVipChange = coalesce(() => options.onVipChange?.(), COALESCE_MS, signal);

  const known = createKnownAddresses();

  const ended = runMonitorProgram({
    program: "ip",
    args: ["-o", "monitor", "link", "address", "route"],
    what: "changes of the network",
    restart: RESTART,
    readyAfterMs: READY_AFTER_MS,
    onReady: () => {
      options.onListening?.(true);
      reportChange();
    },
    onLine: (line) => {
      if (known.isRenewal(line)) return;
      options.onEvent?.();
      const removed = removedAddress(line);
      if (removed !== undefined) options.onRemoved?.(removed, isLapse(line));
      const tentative = tentativeAddress(line);
      if (tentative !== undefined) options.onTentative?.(tentative);
      if (isNetworkChange(line, isVip)) reportChange();
      else if (isVipChange(line, isVip)) reportVipChange();
    },
    // it prints an error and goes on after events were lost to a full buffer
    onError: () => {
      known.forget();
      options.onEvent?.();
      reportChange();
    },
    onEnd: () => {
      known.forget();
      options.onListening?.(false);
    },
    log,
    signal,
  });
  return { ended };
}
