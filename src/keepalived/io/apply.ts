/**
 * Applies a configuration: the candidate is judged, replaces keepalived.conf in one step, and keepalived confirms
 * that it runs it. Where keepalived fails with it, the last confirmed configuration is restored.
 */
import type { Logger } from "pino";
import { type AppliedConf, parseAppliedConf } from "../../conf/applied.ts";
import { promoteCandidate, readConf, writeCandidate } from "../../conf/io/conf-file.ts";
import { hidePasswords, insertPassword, lacksPassword } from "../../conf/passwords.ts";
import { HalfWrittenError } from "../../system/io/overwrite-file.ts";
import { createSerialQueue } from "../../system/serial-queue.ts";
import type { Instance } from "../../vrrp/instance.ts";
import { confirmInstances } from "../confirm.ts";
import type { InstanceDump } from "../dump.ts";
import { isCausedByConf } from "../exit.ts";
import {
  type CandidatesOptions,
  type CandidateText,
  createCandidates,
  type WantedConf,
} from "./candidate.ts";
import type { HeldVips } from "./held-vips.ts";
import type { Supervisor } from "./supervisor.ts";

export interface ApplierOptions extends CandidatesOptions {
  readonly supervisor: Pick<Supervisor, "startOrReload" | "ensureRead">;
  readonly heldVips: HeldVips;
  /** The VRRP password, for the configuration of an earlier run: the state file has it without passwords. */
  readonly password: string | undefined;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export interface Applier {
  /** The instances that keepalived runs now, as it confirmed; empty while it has not confirmed its configuration. */
  readonly inForce: readonly Instance[];
  /** The instances that keepalived confirmed last, in this run of the agent or an earlier one. */
  readonly lastConfirmed: readonly Instance[];
  /**
   * The instances of an earlier run need a password that is no longer set: no host could hear this one if it ran them.
   */
  readonly isPasswordLost: boolean;
  /**
   * The file with the last refused candidate; undefined once another one was applied, or the configuration in force is
   * wanted again.
   */
  readonly rejected: string | undefined;
  /**
   * Resolves with whether anything changed: a text that is in force already changes nothing.
   *
   * @throws {AgentError} CONF_UNEXPECTED, CONF_REJECTED, CONF_UNWRITABLE, KEEPALIVED_EXITED, and the former
   *   configuration stays in force, also where keepalived.conf holds a part of a text; RELOAD_UNCONFIRMED, and the
   *   next call reloads keepalived again, unless it is known to have read the file.
   */
  apply(wanted: WantedConf): Promise<boolean>;
  /**
   * After a change: removes the VIPs of former configurations, and writes the present one to the state file.
   *
   * @throws {AgentError} ADDRESS_STUCK, CONF_UNWRITABLE; the next call tries again.
   */
  cleanUp(): Promise<void>;
  /**
   * Starts keepalived with the configuration of an earlier run, where none was applied yet. Resolves with whether it
   * runs. Where `beforeStart` throws, it is not started.
   */
  resume(beforeStart: () => Promise<void>): Promise<boolean>;
  /**
   * Restores keepalived.conf where another program changed it, or a write to it failed halfway: keepalived accepts an empty
   * one, and drops its VIPs.
   *
   * @throws {AgentError} CONF_UNWRITABLE; keepalived must not read the file then.
   */
  repairFile(): Promise<void>;
}

/** A configuration that this run of the agent wrote, or restored from an earlier run. */
interface Configuration extends AppliedConf, CandidateText {}

/**
 * What keepalived.conf holds. `none`: nothing of this run of the agent. `written`: keepalived has not confirmed it.
 * `confirmed`: keepalived runs it. `cleaned-up`: it does, and no VIP of a former configuration is left.
 */
type InForce =
  | { readonly phase: "none" }
  | {
      readonly phase: "written" | "confirmed" | "cleaned-up";
      readonly configuration: Configuration;
      /** The kernel's indices of the interfaces at that time. */
      readonly interfaces: string;
    };

export async function createApplier(options: ApplierOptions): Promise<Applier> {
  const { conf, stateDir, supervisor, heldVips, log } = options;
  const candidates = createCandidates(options);
  let lastConfirmed = restore(parseAppliedConf(await stateDir.read("applied.json")), options.password);
  let inForce: InForce = { phase: "none" };
  /** While the file holds a part of a text: keepalived goes on with what is in force. */
  let half: HalfWrittenError | undefined;
  /** keepalived may be restarted at any moment, and the file is repaired before: it must not get an older text then. */
  const enqueue = createSerialQueue();

  const isWritten = (text: string) => inForce.phase !== "none" && inForce.configuration.text === text;
  const writtenInterfaces = () => (inForce.phase === "none" ? "" : inForce.interfaces);
  const promote = async (candidate: string): Promise<void> => {
    try {
      await promoteCandidate(candidate, conf);
      half = undefined;
    } catch (error) {
      if (error instanceof HalfWrittenError) half = error;
      throw error;
    }
  };

  /** Reports a half-written file before any other error: it is worse, and the other one may come at each try. */
  const namingHalf = async <T>(task: () => Promise<T>): Promise<T> => {
    try {
      return await task();
    } catch (error) {
      throw half ?? error;
    }
  };

  const repair = async (): Promise<void> => {
    if (inForce.phase === "none") return;
    const { text } = inForce.configuration;
    if ((await readConf(conf)) === text) {
      half = undefined;
      return;
    }
    await promote(await writeCandidate(conf, text, "repair"));
    log.warn({ conf }, "keepalived.conf was changed by another program, or half written, and restored");
  };

  const confirm = (configuration: Configuration, dumps: readonly InstanceDump[]): void => {
    confirmInstances(configuration.instances, dumps);
    lastConfirmed = configuration;
    if (inForce.phase !== "none") inForce = { ...inForce, phase: "confirmed" };
  };

  const bringIntoForce = async (
    candidate: string,
    configuration: Configuration,
    interfaces: string,
  ): Promise<void> => {
    await heldVips.add(configuration.instances);
    await enqueue(async () => {
      await promote(candidate);
      inForce = { phase: "written", configuration, interfaces };
    });
    confirm(configuration, await supervisor.startOrReload());
  };

  const goBackTo = async (configuration: Configuration): Promise<void> => {
    if (lacksPassword(configuration.text)) return log.warn("an earlier configuration lacks its password");
    try {
      const candidate = await writeCandidate(conf, configuration.text);
      await bringIntoForce(candidate, configuration, writtenInterfaces());
    } catch (err) {
      log.warn({ err }, "keepalived has not confirmed an earlier configuration yet");
    }
  };

  const tryOut = async (
    candidate: string,
    configuration: Configuration,
    interfaces: string,
  ): Promise<void> => {
    const former = lastConfirmed;
    try {
      await bringIntoForce(candidate, configuration, interfaces);
    } catch (error) {
      const isItsFault = isCausedByConf(error) && !options.signal.aborted;
      if (isItsFault && former !== undefined && former.text !== configuration.text) {
        await candidates.bar(configuration, error);
        await goBackTo(former);
      }
      throw error;
    }
  };

  return {
    get inForce() {
      return isConfirmed(inForce) ? inForce.configuration.instances : [];
    },
    get lastConfirmed() {
      return lastConfirmed?.instances ?? [];
    },
    get isPasswordLost() {
      return lastConfirmed !== undefined && lacksPassword(lastConfirmed.text);
    },
    get rejected() {
      return candidates.rejected;
    },
    apply: ({ text, textWithoutPasswords, desired, interfaces, onAccepted }) =>
      namingHalf(async () => {
        if (half !== undefined && isWritten(text)) await enqueue(repair);
        const isSame = isWritten(text) && interfaces === writtenInterfaces();
        if (isSame && isConfirmed(inForce)) {
          candidates.withdraw();
          return false;
        }
        const configuration = { text, textWithoutPasswords, instances: desired.instances };
        if (isSame) {
          confirm(configuration, await supervisor.ensureRead());
        } else {
          const candidate = await candidates.judge(configuration, desired);
          onAccepted?.();
          await tryOut(candidate, configuration, interfaces);
        }
        candidates.clear();
        return true;
      }),
    cleanUp: async () => {
      if (inForce.phase !== "confirmed") return;
      const confirmed = inForce;
      const { configuration } = confirmed;
      await heldVips.keepOnly(configuration.instances);
      const { instances } = hidePasswords(configuration);
      await stateDir.write("applied.json", { text: configuration.textWithoutPasswords, instances });
      if (inForce === confirmed) inForce = { ...confirmed, phase: "cleaned-up" };
    },
    resume: async (beforeStart) => {
      if (lastConfirmed === undefined || inForce.phase !== "none") return false;
      await beforeStart();
      await goBackTo(lastConfirmed);
      return isConfirmed(inForce);
    },
    repairFile: () => namingHalf(() => enqueue(repair)),
  };
}

function isConfirmed(inForce: InForce): inForce is Exclude<InForce, { phase: "none" }> {
  return inForce.phase === "confirmed" || inForce.phase === "cleaned-up";
}

function restore(applied: AppliedConf | undefined, password: string | undefined): Configuration | undefined {
  return applied && { ...insertPassword(applied, password), textWithoutPasswords: applied.text };
}
