/**
 * Reads the filter tables of one family again and again, at little cost.
 *
 * The table of legacy is listed by one long-running process. That of nft needs a process for each read. So if there is
 * none, as on a host with legacy rules, the agent looks for it when nft reports a change, and rarely otherwise.
 */
import type { Logger } from "pino";
import type { RuleChanges } from "../nat-schedule.ts";
import type { FilterRead } from "../table-read.ts";
import { createBaseChains } from "./base-chains.ts";
import { readNftFilter } from "./filter-tables.ts";
import { openLegacyTables } from "./legacy-table.ts";
import { readTable } from "./read-table.ts";

const TIMEOUT_MS = 5_000;
/** A new filter table of nft without rules, of which nft reports nothing, is noticed after this time at the latest. */
const MAX_AGE_WITHOUT_TABLE_MS = 60_000;

export interface FilterReaderOptions {
  readonly family: FilterRead["family"];
  readonly nftChanges: RuleChanges;
  readonly log: Logger;
  /** All processes end when it aborts, and are not started again. */
  readonly signal: AbortSignal;
}

export interface FilterReader {
  /**
   * One call at a time. Never rejects.
   *
   * @param isUrgent reads all tables as they are now. Only then nft's own rules are separated from those that iptables
   * can express.
   */
  read(isUrgent: boolean): Promise<readonly FilterRead[]>;
}

export function openFilterReader({ nftChanges, ...options }: FilterReaderOptions): FilterReader {
  const { family, signal } = options;
  const legacy = openLegacyTables({ ...options, timeoutMs: TIMEOUT_MS });
  const readBeside = createBaseChains({ ...options, hook: "forward", timeoutMs: TIMEOUT_MS }, nftChanges);
  let nft: FilterRead | undefined;
  let isNftAbsent = false;
  let nftReadAtMs = Number.NEGATIVE_INFINITY;
  const isAbsentStill = (nowMs: number): boolean => {
    const isReported = nftChanges.isListening && nftChanges.changedAtMs < nftReadAtMs;
    return isNftAbsent && isReported && nowMs - nftReadAtMs < MAX_AGE_WITHOUT_TABLE_MS;
  };
  return {
    read: async (isUrgent) => {
      const nowMs = performance.now();
      if (nft === undefined || isUrgent || !isAbsentStill(nowMs)) {
        nftReadAtMs = nowMs;
        nft = await readNftFilter(family, signal, isUrgent);
        isNftAbsent = !hasRules(nft) && (await hasNoTable(options));
      }
      const beside = (await readBeside(isUrgent)).map((text) => besideIn(family, text));
      return [nft, ...beside, { family, backend: "legacy", read: await legacy.read("filter") }];
    },
  };
}

/** A base chain of nft's own. Packets meet it beside the tables of iptables. */
function besideIn(family: FilterRead["family"], text: string): FilterRead {
  return { family, backend: "nft", read: { kind: "table", text } };
}

/** A save that cannot be read may have some. */
function hasRules({ read }: FilterRead): boolean {
  return read.kind === "table" ? /^(?:\[\d+:\d+\] )?-A /m.test(read.text) : read.kind === "error";
}

/** The save is the same for a table that is not there and for one without rules, so nft is asked. */
async function hasNoTable({
  family,
  signal,
}: Pick<FilterReaderOptions, "family" | "signal">): Promise<boolean> {
  const read = await readTable("nft", ["list", "tables"], { timeoutMs: TIMEOUT_MS, signal });
  const name = `table ${family === "ipv4" ? "ip" : "ip6"} filter`;
  return read.kind === "table" && !read.text.split("\n").includes(name);
}
