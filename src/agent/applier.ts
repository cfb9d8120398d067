/**
 * Brings a text into force: judged beside the file, put in its place in one step, taken by keepalived, and put
 * back if keepalived would not have it. A VIP that runs is never at stake.
 */
import path from "node:path";
import type { Logger } from "pino";
import { checkConf } from "../core/conf-check.ts";
import type { Desired, Instance } from "../core/desired.ts";
import { AgentError } from "../core/errors.ts";
import { type Applied, parseApplied } from "../core/last-good.ts";
import type { Surroundings } from "../core/render.ts";
import { confirmInstances } from "../core/vrrp-confirm.ts";
import { keepRejected, promoteCandidate, readConf, writeCandidate } from "../io/conf-file.ts";
import type { StateDir } from "../io/state-dir.ts";
import type { HeldVips } from "./held-vips.ts";
import type { Supervisor } from "./supervisor.ts";

/** How long a text that keepalived ended with is not tried again, ms: each try would be the same outage. */
const LETHAL_MS = 60_000;

export interface ApplierOptions {
  readonly conf: string;
  readonly stateDir: StateDir;
  readonly around: Surroundings;
  readonly supervisor: Supervisor;
  readonly heldVips: HeldVips;
  /** `keepalived -t` on a file. */
  readonly validate: (file: string) => Promise<void>;
  readonly log: Logger;
}

export interface Applier {
  /** The instances that keepalived runs now. */
  readonly inForce: readonly Instance[];
  /** Where the last refused candidate lies. */
  readonly rejected: string | undefined;
  /**
   * @returns whether anything changed: a text equal to the one in force touches nothing.
   * @throws {AgentError} CONF_UNEXPECTED, CONF_REJECTED, CONF_UNWRITABLE, RELOAD_UNCONFIRMED, KEEPALIVED_EXITED;
   *   the configuration that was in force before still is.
   */
  apply(text: string, desired: Desired): Promise<boolean>;
  /**
   * Clears up behind a change: VIPs of earlier configurations are removed, the present one is remembered. Does nothing
   * once that is done.
   *
   * @throws {AgentError} ADDRESS_STUCK, CONF_UNWRITABLE; to be called again.
   */
  settle(): Promise<void>;
  /** Starts keepalived with the configuration of an earlier run. @returns whether there was one. */
  resume(): Promise<boolean>;
  /** Puts the file back to what is in force: keepalived takes an empty or missing one, and drops its VIPs. */
  mendFile(): Promise<void>;
}

export async function createApplier(options: ApplierOptions): Promise<Applier> {
  const { conf, stateDir, around, supervisor, heldVips, log } = options;
  const rejectedFile = path.join(stateDir.path, "rejected.conf");
  const remembered = parseApplied(await stateDir.read("applied.json"));
  let inForce: Applied | undefined;
  let isSettled = false;
  let rejected: string | undefined;
  let lethal: { readonly text: string; readonly untilMs: number } | undefined;

  const reject = async (file: string): Promise<void> => {
    const warn = (err: unknown) => log.warn({ err }, "rejected candidate was not kept");
    await keepRejected(file, rejectedFile).catch(warn);
    rejected = rejectedFile;
  };

  const judge = async (text: string, desired: Desired): Promise<string> => {
    if (text === lethal?.text && performance.now() < lethal.untilMs) {
      throw new AgentError("CONF_REJECTED", "keepalived would not run with this configuration a moment ago");
    }
    const candidate = await writeCandidate(conf, text);
    try {
      checkConf(text, desired, around);
      await options.validate(candidate);
    } catch (error) {
      if (isRefusal(error)) await reject(candidate);
      throw error;
    }
    return candidate;
  };

  const bringIntoForce = async (candidate: string, instances: readonly Instance[]): Promise<void> => {
    await heldVips.expect(instances);
    await promoteCandidate(candidate, conf);
    confirmInstances(instances, await supervisor.take());
  };

  const takeBack = async (text: string): Promise<void> => {
    const earlier = inForce ?? remembered;
    if (earlier === undefined || earlier.text === text) return;
    lethal = { text, untilMs: performance.now() + LETHAL_MS };
    await reject(conf);
    await promoteCandidate(await writeCandidate(conf, earlier.text), conf);
    const warn = (err: unknown) => log.warn({ err }, "earlier configuration was not taken yet");
    await supervisor.take().catch(warn);
  };

  return {
    get inForce() {
      return inForce?.instances ?? [];
    },
    get rejected() {
      return rejected;
    },
    apply: async (text, desired) => {
      if (text === inForce?.text) return false;
      const candidate = await judge(text, desired);
      try {
        await bringIntoForce(candidate, desired.instances);
      } catch (error) {
        if (isVerdict(error)) await takeBack(text);
        throw error;
      }
      inForce = { text, instances: desired.instances };
      [rejected, lethal, isSettled] = [undefined, undefined, false];
      return true;
    },
    settle: async () => {
      if (isSettled || inForce === undefined) return;
      await heldVips.settle(inForce.instances);
      await stateDir.write("applied.json", inForce);
      isSettled = true;
    },
    resume: async () => {
      if (remembered === undefined || inForce !== undefined) return false;
      await bringIntoForce(await writeCandidate(conf, remembered.text), remembered.instances);
      inForce = remembered;
      return true;
    },
    mendFile: async () => {
      if (inForce === undefined || (await readConf(conf)) === inForce.text) return;
      await promoteCandidate(await writeCandidate(conf, inForce.text), conf);
      log.warn({ conf }, "keepalived.conf was changed by somebody else and put right");
    },
  };
}

/** Whether a candidate was judged, and not only kept from being judged. */
function isRefusal(error: unknown): boolean {
  return error instanceof AgentError && ["CONF_REJECTED", "CONF_UNEXPECTED"].includes(error.code);
}

/** Whether keepalived had its say: an unconfirmed reload is asked about again, a full disk is no verdict. */
function isVerdict(error: unknown): boolean {
  return error instanceof AgentError && ["CONF_REJECTED", "KEEPALIVED_EXITED"].includes(error.code);
}
