/** keepalived as one part of the agent: kept running, heard, and given what is to be in force. */
import type { Logger } from "pino";
import type { ConfPaths } from "../../conf/paths.ts";
import { describeError } from "../../errors.ts";
import type { Settings } from "../../settings/settings.ts";
import type { StateDir } from "../../system/io/state-dir.ts";
import type { Report } from "../../system/report.ts";
import { vipsOf } from "../../vrrp/instance.ts";
import { pidFilesIn } from "../command.ts";
import type { InstanceDump } from "../dump.ts";
import type { KeepalivedStatus } from "../instance-status.ts";
import type { LogLine } from "../log-line.ts";
import type { PreviousOwner } from "../previous-owner.ts";
import type { Transition } from "../transition.ts";
import { type Applier, createApplier } from "./apply.ts";
import { startKeepalived } from "./daemon.ts";
import { type HeldVips, openHeldVips } from "./held-vips.ts";
import { openNotifyFifo } from "./notify-fifo.ts";
import { endOrphans } from "./orphans.ts";
import { createPreviousOwners } from "./previous-owner.ts";
import { type RestartManner, superviseKeepalived } from "./supervisor.ts";
import { unfreezeWhenStopped } from "./unfreeze.ts";
import { validateConf } from "./validate.ts";
import { createVrrpStates, type VrrpStates } from "./vrrp-states.ts";

/** An orphaned keepalived ends by itself in 1 s. */
const ORPHAN_GRACE_MS = 1_500;

export interface KeepalivedOptions {
  readonly settings: Settings;
  readonly stateDir: StateDir;
  readonly confPaths: ConfPaths;
  /** ISO 8601, the start of the agent. */
  readonly startedAt: string;
  readonly report: Report;
  readonly onStatus: (change: Partial<KeepalivedStatus>) => void;
  /** Called with each line of keepalived's log. */
  readonly onLine: (line: LogLine) => void;
  /** keepalived told the states of its instances, or ended. */
  readonly onStates: () => void;
  /** This host became owner of the group, and keepalived's counters tell what became of the previous owner. */
  readonly onPreviousOwner: (group: string, how: PreviousOwner) => void;
  /** keepalived ended, for this reason. */
  readonly onEnd: (reason: string) => void;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export interface Keepalived {
  readonly vrrpStates: VrrpStates;
  readonly heldVips: HeldVips;
  readonly applier: Applier;
  /** keepalived's own account, taken in as well; undefined while none runs. */
  dump(): Promise<readonly InstanceDump[] | undefined>;
  /** Removes addresses that this host has and no group that it owns. Never rejects. */
  removeVips(addresses: ReadonlySet<string>): Promise<void>;
  /** Ends the keepalived that runs and starts another one, for this reason. */
  restart(why: string, how: RestartManner): void;
  /** No keepalived runs while this host must not own these groups and has no other way to say so. */
  pauseFor(groups: readonly string[]): void;
  /** Takes in each transition as keepalived tells it. Resolves when keepalived is stopped and its VIPs are gone. */
  run(onTransition: (event: Transition) => void): Promise<void>;
}

/** Starts nothing: that is for the first configuration to do. */
export async function openKeepalived(options: KeepalivedOptions): Promise<Keepalived> {
  const { settings, stateDir, confPaths, report, signal } = options;
  const log = options.log.child({ component: "keepalived" });
  const { keepalivedConf: conf } = settings.agent;
  const vrrpStates = createVrrpStates(options);
  const heldVips = await openHeldVips(stateDir, options.log);
  const fifo = await openNotifyFifo(confPaths.notifyFifo);

  const isPreempting = (group: string) =>
    applier.inForce.some(({ name, preempt }) => name === group && preempt);
  const tellSuccessions = createPreviousOwners(options.onPreviousOwner, isPreempting);
  const takeAccount = (states: readonly InstanceDump[], toldBefore?: number) => {
    vrrpStates.applyDump(states, toldBefore);
    tellSuccessions(states);
  };
  const isOwned = (address: string) =>
    applier.inForce.some(
      (instance) => vrrpStates.stateOf(instance.name) === "MASTER" && vipsOf(instance).includes(address),
    );
  /** Which addresses the groups have is unknown until keepalived has confirmed a configuration. */
  const isConfirmed = () => applier.inForce.length > 0;
  const start = async () => {
    const { parent, vrrp: child } = pidFilesIn(stateDir.path);
    await endOrphans([parent, child], { log, graceMs: ORPHAN_GRACE_MS, signal });
    await heldVips.removeAll();
    await applier.repairFile();
    // without it the accounts still tell, only later
    await fifo.restore().catch((err: unknown) => log.warn({ err }, "notify FIFO was not made anew"));
    const keepalived = await startKeepalived({
      conf,
      runDir: stateDir.path,
      log,
      onLine: options.onLine,
      signal,
      ...confPaths,
    });
    const onLost = () => supervisor.restart("it stayed stopped", "by force");
    void unfreezeWhenStopped(keepalived, { onStayedStopped: onLost, log });
    return keepalived;
  };
  const supervisor = superviseKeepalived({
    start,
    removeVips: heldVips.removeAll,
    onStart: (pid) => {
      options.onStatus({ keepalived: { isRunning: true, pid } });
      report.ok();
    },
    onDump: (states) => {
      takeAccount(states);
      options.onStates();
    },
    onEnd: (error) => {
      options.onEnd(describeError(error));
      options.onStatus({ keepalived: { isRunning: false, pid: undefined } });
      report.problem(error);
      vrrpStates.setStopped();
      options.onStates();
    },
    signal,
  });
  const applier = await createApplier({
    ...options,
    conf,
    password: settings.environment.authPass?.value,
    validate: (file) => validateConf(file, { log, signal }),
    supervisor,
    heldVips,
  });

  const takeTransitions = async (onTransition: (event: Transition) => void): Promise<void> => {
    for await (const event of fifo.transitions) {
      vrrpStates.applyTransition(event);
      options.onStates();
      onTransition(event);
    }
  };
  return {
    vrrpStates,
    heldVips,
    applier,
    dump: async () => {
      const toldBefore = vrrpStates.transitionCount;
      const states = await supervisor.dump();
      if (states !== undefined) takeAccount(states, toldBefore);
      return states;
    },
    removeVips: async (addresses) => {
      if (!isConfirmed()) return;
      log.warn({ remedy: "remove" }, "a contradiction is being mended");
      await heldVips.remove(addresses, isOwned);
    },
    restart: (why, how) => {
      if (how === "gently" && !isConfirmed()) return;
      log.warn({ remedy: "replace" }, "a contradiction is being mended");
      supervisor.restart(why, how);
    },
    pauseFor: (groups) => {
      const names = groups.toSorted().join(", ");
      supervisor.setPause(
        names === "" ? undefined : `this host may not own ${names}, and no track file can say so`,
      );
    },
    run: async (onTransition) => {
      await Promise.all([takeTransitions(onTransition), supervisor.stopped.finally(fifo.close)]);
    },
  };
}
