/**
 * Keeps VRRP out of this host's connection tracking, as long as keepalived runs.
 *
 * The rules are put back where another program removes them, and taken down where the host's firewall would drop untracked
 * adverts. Without them everything works, unless the table of connections is full.
 */
import type { Logger } from "pino";
import { readFilterTables } from "../../iptables/io/filter-tables.ts";
import { familyOf } from "../../network/address.ts";
import { coalesce } from "../../system/io/coalesce.ts";
import { shareUpcomingRun } from "../../system/serial-queue.ts";
import type { Instance } from "../../vrrp/instance.ts";
import { findUntrackedBlocker } from "../untracked-adverts.ts";
import { createLegacyBackend, createNftBackend, type NotrackBackend } from "./notrack-backend.ts";

/** iptables-legacy reports no changes, and events of nft may be lost. */
const CHECK_INTERVAL_MS = 60_000;
/** Rancher rewrites its rules often, and each check reads the filter tables. */
const EVENT_WINDOW_MS = 3_000;

export interface NotrackOptions {
  readonly isWanted: boolean;
  /** `legacy`: the host does not use nft, so no table of it is made. */
  readonly backend: "auto" | "nft" | "legacy";
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export interface Notrack {
  /** Sets what keepalived runs. The rules are made with the first instances. */
  setInstances(instances: readonly Instance[]): void;
  /** Rules of this host changed. */
  checkSoon(): void;
  /** Waits for the end of keepalived, then removes the rules. Never rejects. */
  closeAfter(keepalivedEnded: Promise<unknown>): Promise<void>;
}

export function openNotrack({ isWanted, backend, log, signal }: NotrackOptions): Notrack {
  const nft = createNftBackend();
  const legacy = createLegacyBackend();
  let instances: readonly Instance[] = [];
  let text = "";
  const candidates = { auto: [nft, legacy], nft: [nft], legacy: [legacy] }[backend];
  /** Those that may have rules in the kernel. At first those of an earlier agent may be there, in the first backend. */
  const used = new Set(candidates.slice(0, 1));
  let said = "";
  let timer: NodeJS.Timeout | undefined;

  const say = (reason: string | undefined): void => {
    if (said === (reason ?? "on")) return;
    said = reason ?? "on";
    if (reason === undefined) log.info("adverts are kept out of connection tracking");
    else log.warn({ reason }, "adverts are subject to connection tracking");
  };
  const takeDown = async (kept?: NotrackBackend): Promise<void> => {
    for (const one of used) if (one !== kept && (await one.takeDown()) === undefined) used.delete(one);
  };
  /** By the first backend that works. One that failed once, as on a busy machine, may work now: rules of the next one go then. */
  const putUp = async (): Promise<string | undefined> => {
    const vrids = [...new Set(instances.map(({ virtualRouterId }) => virtualRouterId))].sort((a, b) => a - b);
    let reason: string | undefined;
    for (const candidate of candidates) {
      used.add(candidate);
      const failure = await candidate.putUp(vrids);
      if (failure === undefined) {
        await takeDown(candidate);
        return undefined;
      }
      reason ??= failure;
    }
    return reason;
  };
  const check = shareUpcomingRun(async (): Promise<void> => {
    clearTimeout(timer);
    if (signal.aborted || instances.length === 0) return;
    if (!isWanted) return takeDown();
    const families = new Set(instances.map(({ firstVip }) => familyOf(firstVip.address)));
    const blocker = findUntrackedBlocker(instances, await readFilterTables([...families], signal));
    if (signal.aborted) return;
    if (blocker === undefined) say(await putUp());
    else {
      await takeDown();
      say(`untracked, they would be dropped by ${blocker}: accept protocol 112 in every connection state`);
    }
    timer = setTimeout(() => void check(), CHECK_INTERVAL_MS).unref();
  });
  const checkSoon = coalesce(() => void check(), EVENT_WINDOW_MS, signal);

  return {
    setInstances: (next) => {
      const nextText = JSON.stringify(next);
      if (nextText === text) return;
      [instances, text] = [next, nextText];
      checkSoon();
    },
    checkSoon,
    closeAfter: async (keepalivedEnded) => {
      await keepalivedEnded.catch(() => undefined);
      await check(); // a check that is running has ended by then, and this one does nothing
      clearTimeout(timer);
      await takeDown();
    },
  };
}
