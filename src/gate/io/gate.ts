/**
 * Keeps the gate: a host whose container was killed answers no ARP request and no neighbour solicitation for a VIP.
 *
 * A gate without its tag would block a healthy VIP. So the process that sets the tag is started again at once, and where
 * that fails, the gate is taken down. Only where neither works are the groups held back, and for a bounded time.
 */
import type { Logger } from "pino";
import { AgentError } from "../../errors.ts";
import { type NftMonitor, NO_NFT_MONITOR, openNftMonitor } from "../../iptables/io/nft-monitor.ts";
import type { RuleChanges } from "../../iptables/nat-schedule.ts";
import { coalesce } from "../../system/io/coalesce.ts";
import type { Report } from "../../system/report.ts";
import { shareUpcomingRun } from "../../system/serial-queue.ts";
import { type GateStatus, gateStatusText, isHoldDue, nextGateStep, statusAfter } from "../status.ts";
import { GATE_FAMILIES, type GateFamily } from "../tables.ts";
import { createGateTable, type GateTable } from "./gate-table.ts";
import { openTag, probeOwnerTables, type Tag } from "./tag.ts";

/** The start of keepalived waits this long for the tag at most. */
const OPEN_TIMEOUT_MS = 5_000;
/** The table is compared this often even where no event came. Each minute would be a tenth of a quiet agent's CPU time. */
const CHECK_INTERVAL_MS = 600_000;
/** The interval while something is not as it should be. */
const RETRY_MS = 500;
/** A first event is handled at once, and the next ones at this interval, however often another program interferes. */
const EVENT_WINDOW_MS = 1_000;

export interface GateOptions {
  readonly report: Report;
  readonly onStatus: (status: GateStatus) => void;
  /** Why no group may own its VIPs on this host; undefined once they may again. */
  readonly onHold: (reason: string | undefined) => void;
  readonly log: Logger;
}

/** The process that sets the tag was started. */
interface PreparedTag {
  readonly tag: Tag;
  readonly families: readonly GateFamily[];
  giveUp(): void;
}

export interface Gate {
  /** Calls back when rules of nft changed, other than those of the gate. For one subscriber, before `open`. */
  subscribeRules(onChange: () => void): RuleChanges;
  /** Replaces the addresses that this host does not answer for once its agent is dead. */
  setVips(vips: ReadonlySet<string>): void;
  /**
   * Begins with what `open` needs and no VIP is needed for: the process that sets the tag. A host with the tag answers for
   * its VIPs, so call it when it has none that an earlier run left.
   */
  prepare(): void;
  /**
   * Puts the gate up, once, and prepares it unless that was done. Resolves once it is there, before keepalived may add a
   * VIP. Takes a few seconds at most. Never rejects.
   */
  open(): Promise<void>;
  /** Waits for the end of keepalived, then takes the gate down. No process of it is left then. Never rejects. */
  closeAfter(keepalivedEnded: Promise<unknown>): Promise<void>;
}

export function createGate({ report, onStatus, onHold, log }: GateOptions): Gate {
  const stop = new AbortController();
  const { signal } = stop;
  let vips: ReadonlySet<string> = new Set();
  let onRules: (() => void) | undefined;
  let monitor: NftMonitor = NO_NFT_MONITOR;
  let preparing: Promise<PreparedTag | { readonly reason: string }> | undefined;
  let opening: Promise<void> | undefined;
  let up: { readonly tag: Tag; readonly table: GateTable } | undefined;
  let isClosing = false;
  let blockingSinceMs: number | undefined;
  let timer: NodeJS.Timeout | undefined;

  const publish = (status: GateStatus): void => {
    if (status.phase === "blocking") blockingSinceMs ??= performance.now();
    else blockingSinceMs = undefined;
    const blockingMs = blockingSinceMs === undefined ? undefined : performance.now() - blockingSinceMs;
    onHold(isHoldDue(blockingMs) ? "the gate blocks this host's VIPs" : undefined);
    onStatus(status);
    if (status.phase === "failed" || status.phase === "blocking")
      report.problem(new AgentError("GATE_BROKEN", `the gate ${gateStatusText(status)}`));
    else report.ok();
  };

  /** @returns when the next check is due, ms. */
  const act = async ({ tag, table }: NonNullable<typeof up>): Promise<number> => {
    const step = nextGateStep(tag.untaggedMs());
    if (step === "wait") return RETRY_MS;
    const reason = await (step === "put-up" ? table.putUp(vips) : table.takeDown());
    const hasLostTag = step === "put-up" && tag.untaggedMs() !== undefined;
    if (hasLostTag) return RETRY_MS;
    publish(statusAfter(step, reason));
    return reason === undefined ? CHECK_INTERVAL_MS : RETRY_MS;
  };

  const check = shareUpcomingRun(async (): Promise<void> => {
    clearTimeout(timer);
    if (up === undefined) return;
    if (isClosing) {
      await up.table.takeDown();
      return;
    }
    const dueMs = await act(up);
    timer = setTimeout(() => void check(), dueMs).unref();
  });
  const checkSoon = coalesce(() => void check(), EVENT_WINDOW_MS, signal);

  /** This host has no gate, for as long as this agent runs. */
  const goWithout = async (reason: string): Promise<void> => {
    log.info({ reason }, "no gate: this host answers for the VIPs of a killed container");
    await createGateTable(GATE_FAMILIES, log).takeDown();
    onStatus({ phase: "unavailable", reason });
    if (onRules !== undefined) monitor = openNftMonitor({ onChange: onRules, log, signal });
  };

  const startTag = async (): Promise<PreparedTag | { readonly reason: string }> => {
    const found = await probeOwnerTables();
    if ("reason" in found) return found;
    const { families } = found;
    const failed = new AbortController();
    const tag = openTag({
      families,
      onTag: () => void check(),
      onGateEvent: checkSoon,
      onRules: () => onRules?.(),
      log,
      signal: AbortSignal.any([signal, failed.signal]),
    });
    monitor = tag.monitor;
    return { tag, families, giveUp: () => failed.abort() };
  };
  const prepare = () => {
    preparing ??= startTag();
    return preparing;
  };

  const open = async (): Promise<void> => {
    const prepared = await prepare();
    if ("reason" in prepared) return goWithout(prepared.reason);
    const { tag, families, giveUp } = prepared;
    if (await tag.wait(OPEN_TIMEOUT_MS)) {
      const written = Promise.withResolvers<void>();
      up = { tag, table: createGateTable(families, log, written.resolve) };
      // the table is listed for later comparisons, while keepalived starts
      return Promise.race([check(), written.promise]);
    }
    giveUp();
    await tag.monitor.ended;
    await goWithout("the nft process that would set its tag does not start");
  };

  return {
    prepare: () => {
      if (!isClosing) void prepare();
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
    setVips: (next) => {
      vips = next;
      checkSoon();
    },
    open: () => {
      opening ??= open();
      return opening;
    },
    closeAfter: async (keepalivedEnded) => {
      await keepalivedEnded.catch(() => undefined);
      await opening;
      isClosing = true;
      await preparing;
      await check();
      clearTimeout(timer);
      stop.abort();
      await monitor.ended;
    },
  };
}
