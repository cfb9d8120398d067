/**
 * Applies a configuration: the candidate is judged, replaces keepalived.conf in one step, and keepalived confirms
 * that it runs it. Where keepalived fails with it, the last confirmed configuration is restored.
 */
import type { Logger } from "pino";
import { type AppliedConf, parseAppliedConf } from "../../conf/applied.ts";
import { promoteCandidate, readConf, writeCandidate } from "../../conf/io/conf-file.ts";
import { hidePasswords, insertPassword, lacksPassword } from "../../conf/passwords.ts";
import { AgentError } from "../../errors.ts";
import { HalfWrittenError } from "../../system/io/overwrite-file.ts";
import { createSerialQueue } from "../../system/serial-queue.ts";
import type { Desired, Instance } from "../../vrrp/instance.ts";
import { confirmInstances } from "../confirm.ts";
import type { InstanceDump } from "../dump.ts";
import { isCausedByConf } from "../exit.ts";
import { type CandidatesOptions, type CandidateText, createCandidates } from "./candidate.ts";
import type { HeldVips } from "./held-vips.ts";
import type { Supervisor } from "./supervisor.ts";

export interface ApplierOptions extends CandidatesOptions {
  readonly supervisor: Supervisor;
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
   * @param interfaces the kernel's indices of the interfaces. A change of them needs a reload: keepalived 2.2.7
   *   neither sends nor receives on an interface that was deleted and made again.
   * @param onAccepted called when keepalived accepts the text and is about to run it.
   * @throws {AgentError} CONF_UNEXPECTED, CONF_REJECTED, CONF_UNWRITABLE, KEEPALIVED_EXITED, and the former
   *   configuration stays in force, also where keepalived.conf holds a part of a text; RELOAD_UNCONFIRMED, and the
   *   next call only asks keepalived again, without a reload.
   */
  apply(
    text: string,
    textWithoutPasswords: string,
    desired: Desired,
    interfaces?: string,
    onAccepted?: () => void,
  ): Promise<boolean>;
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

export async function createApplier(options: ApplierOptions): Promise<Applier> {
  const { conf, stateDir, supervisor, heldVips, log } = options;
  const candidates = createCandidates(options);
  let lastConfirmed = restore(parseAppliedConf(await stateDir.read("applied.json")), options.password);
  let written: Configuration | undefined;
  let writtenInterfaces = "";
  let isConfirmed = false;
  let isCleanedUp = false;
  /** While the file holds a part of a text: keepalived goes on with what is `written`. */
  let half: HalfWrittenError | undefined;
  /** keepalived may be restarted at any moment, and the file is repaired before: it must not get an older text then. */
  const enqueue = createSerialQueue();

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
    if (written === undefined) return;
    if ((await readConf(conf)) === written.text) {
      half = undefined;
      return;
    }
    await promote(await writeCandidate(conf, written.text, "repair"));
    log.warn({ conf }, "keepalived.conf was changed by another program, or half written, and restored");
  };

  const confirm = (configuration: Configuration, dumps: readonly InstanceDump[]): void => {
    confirmInstances(configuration.instances, dumps);
    [lastConfirmed, isConfirmed, isCleanedUp] = [configuration, true, false];
  };

  const bringIntoForce = async (
    candidate: string,
    configuration: Configuration,
    interfaces = writtenInterfaces,
  ): Promise<void> => {
    await heldVips.add(configuration.instances);
    await enqueue(async () => {
      await promote(candidate);
      [written, writtenInterfaces, isConfirmed] = [configuration, interfaces, false];
    });
    confirm(configuration, await supervisor.startOrReload());
  };

  const goBackTo = async (configuration: Configuration): Promise<void> => {
    if (lacksPassword(configuration.text)) return log.warn("an earlier configuration lacks its password");
    try {
      await bringIntoForce(await writeCandidate(conf, configuration.text), configuration);
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

  const confirmAgain = async (configuration: Configuration): Promise<void> => {
    const dumps = await supervisor.dump();
    if (dumps === undefined) throw new AgentError("KEEPALIVED_EXITED", "keepalived does not run");
    confirm(configuration, dumps);
  };

  return {
    get inForce() {
      return isConfirmed ? (written?.instances ?? []) : [];
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
    apply: (text, textWithoutPasswords, desired, interfaces = "", onAccepted = () => undefined) =>
      namingHalf(async () => {
        if (half !== undefined && text === written?.text) await enqueue(repair);
        const isSame = text === written?.text && interfaces === writtenInterfaces;
        if (isSame && isConfirmed) {
          candidates.withdraw();
          return false;
        }
        const configuration = { text, textWithoutPasswords, instances: desired.instances };
        if (isSame) {
          await confirmAgain(configuration);
        } else {
          const candidate = await candidates.judge(configuration, desired);
          onAccepted();
          await tryOut(candidate, configuration, interfaces);
        }
        candidates.clear();
        return true;
      }),
    cleanUp: async () => {
      if (isCleanedUp || !isConfirmed || written === undefined) return;
      await heldVips.keepOnly(written.instances);
      const { instances } = hidePasswords(written);
      await stateDir.write("applied.json", { text: written.textWithoutPasswords, instances });
      isCleanedUp = true;
    },
    resume: async (beforeStart) => {
      if (lastConfirmed === undefined || written !== undefined) return false;
      await beforeStart();
      await goBackTo(lastConfirmed);
      return isConfirmed;
    },
    repairFile: () => namingHalf(() => enqueue(repair)),
  };
}

function restore(applied: AppliedConf | undefined, password: string | undefined): Configuration | undefined {
  return applied && { ...insertPassword(applied, password), textWithoutPasswords: applied.text };
}
