/**
 * Brings a text into force: judged beside the file, put in its place in one step, taken by keepalived, and put
 * back if keepalived would not have it. A VIP that runs is never at stake.
 */
import path from "node:path";
import type { Logger } from "pino";
import { type AppliedConf, parseAppliedConf } from "../../conf/applied.ts";
import {
  discardCandidate,
  keepRejected,
  promoteCandidate,
  readConf,
  writeCandidate,
} from "../../conf/io/conf-file.ts";
import { hidePasswords, insertPassword, lacksPassword } from "../../conf/passwords.ts";
import type { ConfPaths } from "../../conf/paths.ts";
import { verifyConf } from "../../conf/verify.ts";
import { AgentError } from "../../errors.ts";
import type { StateDir } from "../../system/io/state-dir.ts";
import type { Desired, Instance } from "../../vrrp/instance.ts";
import { confirmInstances } from "../confirm.ts";
import { isCausedByConf, KeepalivedExitError } from "../exit.ts";
import type { HeldVips } from "./held-vips.ts";
import type { Supervisor } from "./supervisor.ts";

/** How long a text that keepalived refused is not tried again, ms. */
const REFUSED_MS = 60_000;
/** How long one that it ended over is not: each try is an outage. A text that differs is tried at once. */
const LETHAL_MS = 3_600_000;

export interface ApplierOptions {
  readonly conf: string;
  readonly stateDir: StateDir;
  readonly confPaths: ConfPaths;
  readonly supervisor: Supervisor;
  readonly heldVips: HeldVips;
  /** `keepalived -t` on a file. */
  readonly validate: (file: string) => Promise<void>;
  /** The VRRP password, which an earlier run did not write down. */
  readonly password: string | undefined;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export interface Applier {
  /** The instances that keepalived runs now, as it confirmed itself. */
  readonly inForce: readonly Instance[];
  /** The same, or what an earlier run's keepalived confirmed last. */
  readonly lastConfirmed: readonly Instance[];
  /** Where the last refused candidate lies. */
  readonly rejected: string | undefined;
  /**
   * @param kept the text without passwords, to be written down.
   * @param interfaces which interfaces the names in the text mean: keepalived 2.2.7 is deaf and dumb for ever on one that
   *   was deleted and made again, until it is reloaded.
   * @returns whether anything changed: a text equal to the one in force touches nothing.
   * @throws {AgentError} CONF_UNEXPECTED, CONF_REJECTED, CONF_UNWRITABLE, KEEPALIVED_EXITED, and what was in force
   *   still is; RELOAD_UNCONFIRMED: to be called again, and keepalived is asked again, without a reload.
   */
  apply(text: string, kept: string, desired: Desired, interfaces?: string): Promise<boolean>;
  /**
   * Clears up behind a change: VIPs of earlier configurations are removed, the present one is remembered. Does nothing
   * once that is done.
   *
   * @throws {AgentError} ADDRESS_STUCK, CONF_UNWRITABLE; to be called again.
   */
  cleanUp(): Promise<void>;
  /** Has keepalived run with the configuration of an earlier run, where nothing runs yet. @returns whether it does. */
  resume(): Promise<boolean>;
  /** Puts the file back to what it was made: keepalived takes an empty or missing one, and drops its VIPs. */
  repairFile(): Promise<void>;
}

/** What a run of this agent had keepalived take. */
interface Taken extends AppliedConf {
  readonly kept: string;
}

export async function createApplier(options: ApplierOptions): Promise<Applier> {
  const { conf, stateDir, confPaths, supervisor, heldVips, log } = options;
  const rejectedFile = path.join(stateDir.path, "rejected.conf");
  /** What keepalived confirmed last, in this run or an earlier one: what is gone back to. */
  let good = recall(parseAppliedConf(await stateDir.read("applied.json")), options.password);
  /** What the file holds, as this run wrote it. */
  let onDisk: Taken | undefined;
  let onInterfaces = "";
  let isConfirmed = false;
  let isSettled = false;
  let rejected: string | undefined;
  let lethal: { readonly text: string; readonly error: unknown; readonly untilMs: number } | undefined;

  const reject = async (kept: string): Promise<void> => {
    const warn = (err: unknown) => log.warn({ err }, "rejected candidate was not kept");
    await keepRejected(kept, rejectedFile).catch(warn);
    rejected = rejectedFile;
  };

  const judge = async ({ text, kept }: Taken, desired: Desired): Promise<string> => {
    if (text === lethal?.text && performance.now() < lethal.untilMs) throw lethal.error;
    const candidate = await writeCandidate(conf, text);
    try {
      verifyConf(text, desired, confPaths);
      await options.validate(candidate);
    } catch (error) {
      if (isRefusal(error)) await reject(kept);
      await discardCandidate(candidate);
      throw error;
    }
    return candidate;
  };

  const confirm = (applied: Taken, states: Parameters<typeof confirmInstances>[1]): void => {
    confirmInstances(applied.instances, states);
    [good, isConfirmed, isSettled] = [applied, true, false];
  };

  const bringIntoForce = async (candidate: string, applied: Taken): Promise<void> => {
    await heldVips.add(applied.instances);
    await promoteCandidate(candidate, conf);
    [onDisk, isConfirmed] = [applied, false];
    confirm(applied, await supervisor.startOrReload());
  };

  const goBack = async (to: Taken): Promise<void> => {
    if (lacksPassword(to.text)) return log.warn("an earlier configuration lacks its password");
    try {
      await bringIntoForce(await writeCandidate(conf, to.text), to);
    } catch (err) {
      log.warn({ err }, "earlier configuration was not taken yet");
    }
  };

  const tryOut = async (candidate: string, applied: Taken): Promise<void> => {
    const earlier = good;
    try {
      await bringIntoForce(candidate, applied);
    } catch (error) {
      const isCondemned = isCausedByConf(error) && !options.signal.aborted;
      if (isCondemned && earlier !== undefined && earlier.text !== applied.text) {
        const barredMs = error instanceof KeepalivedExitError ? LETHAL_MS : REFUSED_MS;
        lethal = { text: applied.text, error, untilMs: performance.now() + barredMs };
        await reject(applied.kept);
        await goBack(earlier);
      }
      throw error;
    }
  };

  const confirmAgain = async (applied: Taken): Promise<void> => {
    const states = await supervisor.dump();
    if (states === undefined) throw new AgentError("KEEPALIVED_EXITED", "keepalived does not run");
    confirm(applied, states);
  };

  return {
    get inForce() {
      return isConfirmed ? (onDisk?.instances ?? []) : [];
    },
    get lastConfirmed() {
      return good?.instances ?? [];
    },
    get rejected() {
      return rejected;
    },
    apply: async (text, kept, desired, interfaces = "") => {
      const isSame = text === onDisk?.text && interfaces === onInterfaces;
      if (isSame && isConfirmed) return false;
      const applied = { text, kept, instances: desired.instances };
      if (isSame) {
        await confirmAgain(applied);
      } else {
        const candidate = await judge(applied, desired);
        onInterfaces = interfaces;
        await tryOut(candidate, applied);
      }
      [rejected, lethal] = [undefined, undefined];
      return true;
    },
    cleanUp: async () => {
      if (isSettled || !isConfirmed || onDisk === undefined) return;
      await heldVips.keepOnly(onDisk.instances);
      const { instances } = hidePasswords(onDisk);
      await stateDir.write("applied.json", { text: onDisk.kept, instances });
      isSettled = true;
    },
    resume: async () => {
      if (good === undefined || onDisk !== undefined) return false;
      await goBack(good);
      return isConfirmed;
    },
    repairFile: async () => {
      if (onDisk === undefined || (await readConf(conf)) === onDisk.text) return;
      await promoteCandidate(await writeCandidate(conf, onDisk.text), conf);
      log.warn({ conf }, "keepalived.conf was changed by somebody else and put right");
    },
  };
}

function recall(applied: AppliedConf | undefined, password: string | undefined): Taken | undefined {
  return applied && { ...insertPassword(applied, password), kept: applied.text };
}

/** Whether a candidate was judged, and not only kept from being judged. */
function isRefusal(error: unknown): boolean {
  return error instanceof AgentError && ["CONF_REJECTED", "CONF_UNEXPECTED"].includes(error.code);
}
