/**
 * Keeps the table that stays up while the tag is set and down while it is not, and says how it is.
 *
 * A gate without its tag blocks a healthy VIP. That of an earlier agent is such a gate until this host has a tag, so it is
 * removed where there is none. Where it cannot be removed, the groups are held back for a bounded time.
 */
import type { Logger } from "pino";
import { AgentError } from "../../errors.ts";
import { coalesce } from "../../system/io/coalesce.ts";
import type { Report } from "../../system/report.ts";
import { shareUpcomingRun } from "../../system/serial-queue.ts";
import { type GateStatus, gateStatusText, isHoldDue, nextGateStep, statusAfter } from "../status.ts";
import { GATE_FAMILIES, type GateFamily, withVips } from "../tables.ts";
import { createGateTable, type GateTable } from "./gate-table.ts";
import type { TagAttempt } from "./start-tag.ts";

/** The table is compared this often even where no event came. Each minute would be a tenth of a quiet agent's CPU time. */
const CHECK_INTERVAL_MS = 600_000;
/** The interval while something is not as it should be. */
const RETRY_MS = 500;
/** A first event is handled at once, and the next ones at this interval, however often another program interferes. */
const EVENT_WINDOW_MS = 1_000;

export interface KeepTableOptions {
  readonly report: Report;
  readonly onStatus: (status: GateStatus) => void;
  /** Why no group may own its VIPs on this host; undefined once they may again. */
  readonly onHold: (reason: string | undefined) => void;
  readonly log: Logger;
}

export interface TableKeeper {
  /** Replaces the addresses that this host does not answer for once its agent is dead. */
  setVips(vips: ReadonlySet<string>): void;
  /** Replaces what sets the tag. Resolves once the table is written, or could not be, or was removed. Never rejects. */
  setTag(attempt: TagAttempt): Promise<void>;
  /** The tag, or something else that it depends on, has just changed. */
  checkNow(): void;
  /** The same, where it may happen often. */
  checkSoon(): void;
  /** Takes the table down for good. Never rejects. */
  close(): Promise<void>;
}

/** What sets the tag, and the tables of the families with it and of those without it. */
interface Kept {
  readonly attempt: TagAttempt;
  readonly table: GateTable;
  readonly untagged: readonly GateFamily[];
  /** Only ever taken down. */
  readonly others: GateTable;
}

export function openTableKeeper({ report, onStatus, onHold, log }: KeepTableOptions): TableKeeper {
  const stop = new AbortController();
  let vips: ReadonlySet<string> = new Set();
  let kept: Kept | undefined;
  let isClosing = false;
  let blockingSinceMs: number | undefined;
  let timer: NodeJS.Timeout | undefined;

  const publish = (status: GateStatus): void => {
    if (status.phase === "blocking") blockingSinceMs ??= performance.now();
    else blockingSinceMs = undefined;
    const blockingMs = blockingSinceMs === undefined ? undefined : performance.now() - blockingSinceMs;
    onHold(isHoldDue(blockingMs) ? "the gate may block this host's VIPs" : undefined);
    onStatus(status);
    if (status.phase === "failed" || status.phase === "blocking")
      report.problem(new AgentError("GATE_BROKEN", `the gate ${gateStatusText(status)}`));
    else report.ok();
  };

  /** @returns when the next check is due, ms. */
  const act = async ({ attempt, table, untagged, others }: Kept): Promise<number> => {
    const untaggedMs = () => (attempt.phase === "set" ? attempt.tag.untaggedMs() : Number.POSITIVE_INFINITY);
    const step = nextGateStep(untaggedMs());
    if (step === "wait") return RETRY_MS;
    const reason = await (step === "put-up" ? table.putUp(vips) : table.takeDown());
    const left = await others.takeDown();
    const hasLostTag = step === "put-up" && untaggedMs() !== undefined;
    if (hasLostTag) return RETRY_MS;
    const without = withVips(vips, untagged);
    publish(statusAfter(step, { reason, left, attempt, without }));
    return reason === undefined && left === undefined ? CHECK_INTERVAL_MS : RETRY_MS;
  };

  const check = shareUpcomingRun(async (): Promise<void> => {
    clearTimeout(timer);
    if (kept === undefined) return;
    if (isClosing) {
      await kept.table.takeDown();
      await kept.others.takeDown();
      return;
    }
    const dueMs = await act(kept);
    timer = setTimeout(() => void check(), dueMs).unref();
  });
  const checkSoon = coalesce(() => void check(), EVENT_WINDOW_MS, stop.signal);

  return {
    setVips: (next) => {
      vips = next;
      checkSoon();
    },
    setTag: (attempt) => {
      const written = Promise.withResolvers<void>();
      const tagged = attempt.phase === "set" ? attempt.families : [];
      const untagged = GATE_FAMILIES.filter((family) => !tagged.includes(family));
      kept = {
        attempt,
        table: createGateTable(tagged, log, written.resolve),
        untagged,
        others: createGateTable(untagged, log),
      };
      // the table is listed for later comparisons, while keepalived starts
      return Promise.race([check(), written.promise]);
    },
    checkNow: () => void check(),
    checkSoon,
    close: async () => {
      isClosing = true;
      await check();
      clearTimeout(timer);
      stop.abort();
    },
  };
}
