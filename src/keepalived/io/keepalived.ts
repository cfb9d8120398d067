/** keepalived as one part of the agent: keeps it running, and gives it each new configuration. */
import type { Logger } from "pino";
import type { ConfPaths } from "../../conf/paths.ts";
import { describeError } from "../../errors.ts";
import { addAddress, type LocalVip } from "../../network/io/iproute.ts";
import type { Settings } from "../../settings/settings.ts";
import type { StateDir } from "../../system/io/state-dir.ts";
import type { Report } from "../../system/report.ts";
import { type Instance, vipsOf } from "../../vrrp/instance.ts";
import { pidFilesIn } from "../command.ts";
import type { InstanceDump } from "../dump.ts";
import type { KeepalivedStatus } from "../instance-status.ts";
import type { LogLine } from "../log-line.ts";
import type { PreviousOwner } from "../previous-owner.ts";
import type { Transition } from "../transition.ts";
import { type Applier, createApplier } from "./apply.ts";
import { startKeepalived } from "./daemon.ts";
import { askForDumpSignal } from "./dump-signal.ts";
import { createHeldVips, type HeldVips } from "./held-vips.ts";
import { openNotifyFifo } from "./notify-fifo.ts";
import { endOrphans } from "./orphans.ts";
import { createPreviousOwners } from "./previous-owner.ts";
import { createScheduling } from "./scheduling.ts";
import { type RestartManner, superviseKeepalived } from "./supervisor.ts";
import { createSuspensionWatch, type SuspensionWatch } from "./suspension-watch.ts";
import { unfreezeWhenStopped } from "./unfreeze.ts";
import { validateConf } from "./validate.ts";
import { createVrrpStates, type VrrpStates } from "./vrrp-states.ts";

/** An orphaned keepalived ends by itself within 1 s. */
const ORPHAN_GRACE_MS = 1_500;

export interface KeepalivedOptions {
  readonly settings: Settings;
  readonly stateDir: StateDir;
  readonly confPaths: ConfPaths;
  /** ISO 8601: the start of the agent. */
  readonly startedAt: string;
  readonly report: Report;
  readonly onStatus: (change: Partial<KeepalivedStatus>) => void;
  /** Called with `ended` as soon as a process runs, because opening may still fail later. */
  readonly onOpen?: (ended: Promise<void>) => void;
  /** Called with the addresses that keepalived may put on an interface, whenever they change. */
  readonly onHeldVips: (addresses: ReadonlySet<string>) => void;
  /** Called before each start, when what an earlier run left is gone. keepalived is started after it. Never rejects. */
  readonly beforeStart: () => Promise<void>;
  /** Called with each line of keepalived's log. */
  readonly onLine: (line: LogLine) => void;
  /** Called when the state of an instance may have changed, or keepalived ended. */
  readonly onStates: () => void;
  /** Gets all instances whose VIPs may be on an interface of this host, before keepalived learns of them. */
  readonly onInstances: (instances: readonly Instance[]) => void;
  /** Called when this host became owner of the group; `how` is what the previous owner did. */
  readonly onPreviousOwner: (group: string, how: PreviousOwner) => void;
  /** Called when keepalived ended, unless the agent is stopping. */
  readonly onEnd: (reason: string) => void;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export interface Keepalived extends Pick<SuspensionWatch, "companion"> {
  /**
   * Resolves when the processes of an earlier run have ended and its VIPs are removed; with false if something may be left. Never
   * rejects.
   */
  readonly leftoversGone: Promise<boolean>;
  readonly vrrpStates: VrrpStates;
  readonly heldVips: HeldVips;
  readonly applier: Applier;
  /**
   * Requests a dump and updates `vrrpStates` with it. Undefined while no keepalived runs.
   *
   * @throws {AgentError} as `RunningKeepalived.dump`.
   */
  dump(): Promise<readonly InstanceDump[] | undefined>;
  /** Removes the recorded addresses that belong to no group that this host owns. Never rejects. */
  removeVips(addresses: ReadonlySet<string>): Promise<void>;
  /** Makes the running keepalived read its configuration and track files again. Never rejects. */
  reread(why: string): Promise<void>;
  /**
   * Adds a VIP that keepalived believes to be on the interface.
   *
   * @returns why the kernel refuses it. Undefined where it is there now, or its group has another owner.
   */
  restoreVip(group: string, vip: LocalVip): Promise<string | undefined>;
  /** Ends the running keepalived and starts another one. `why` goes into the error of the exit. */
  restart(why: string, how: RestartManner): void;
  /**
   * Keeps keepalived stopped until it is called with no groups. For groups that this host must not own while their
   * track files cannot be written.
   */
  pauseFor(groups: readonly string[]): void;
  /** Resolves after the signal aborted, when keepalived is stopped and its VIPs are removed, also without `run`. */
  readonly ended: Promise<void>;
  /** Handles transitions until `ended`. */
  run(onTransition: (transition: Transition) => void): Promise<void>;
}

/** Opens the notify FIFO. keepalived is started by the first configuration. */
export async function openKeepalived(options: KeepalivedOptions): Promise<Keepalived> {
  const { settings, stateDir, confPaths, report, signal } = options;
  const log = options.log.child({ component: "keepalived" });
  const { keepalivedConf: conf } = settings.agent;
  const vrrpStates = createVrrpStates(options);
  const heldVips = await createHeldVips(stateDir, options);
  const suspension = createSuspensionWatch();
  const fifo = await openNotifyFifo(confPaths.notifyFifo);
  const wantsRealtime = settings.agent.vrrpScheduling === "realtime";
  const scheduling = createScheduling({
    isWanted: wantsRealtime,
    onStatus: (status) => options.onStatus({ scheduling: status }),
    log,
  });
  const onLine = (line: LogLine) => {
    if (line.kind === "vrrp-process-started") void scheduling.apply(line.pid);
    suspension.noteLine(line);
    options.onLine(line);
  };
  const isPreempting = (group: string) =>
    applier.inForce.some(({ name, preempt }) => name === group && preempt);
  const comparePreviousOwners = createPreviousOwners(options.onPreviousOwner, isPreempting);
  const takeDump = (dumps: readonly InstanceDump[], countBefore?: number) => {
    vrrpStates.applyDump(dumps, countBefore);
    comparePreviousOwners(dumps);
  };
  const isOwned = (address: string) =>
    applier.inForce.some(
      (instance) => vrrpStates.stateOf(instance.name) === "MASTER" && vipsOf(instance).includes(address),
    );
  /** The addresses of the groups are unknown until keepalived has confirmed a configuration. */
  const isConfirmed = () => applier.inForce.length > 0;
  const { parent, vrrp: child } = pidFilesIn(stateDir.path);
  const endLeftProcesses = () => endOrphans([parent, child], { log, graceMs: ORPHAN_GRACE_MS, signal });
  const leftoversGone = endLeftProcesses()
    .then(
      () => true,
      () => false, // the start fails with it, too
    )
    .then(async (areEnded) => (await heldVips.removeAll()) && areEnded);
  const readSignal = askForDumpSignal();
  const start = async () => {
    await leftoversGone;
    await endLeftProcesses();
    // a VIP that is left now was there before this configuration named it, so the gate did not cover it
    await Promise.all([heldVips.removeAll(), options.beforeStart()]);
    await applier.repairFile();
    // without the FIFO the dumps still show each transition, only later
    await fifo.restore().catch((err: unknown) => log.warn({ err }, "the notify FIFO was not restored"));
    const keepalived = await startKeepalived({
      conf,
      runDir: stateDir.path,
      readSignal,
      wantsRealtime,
      log,
      onLine,
      signal,
      ...confPaths,
    });
    const onStayedStopped = () => supervisor.restart("it stayed suspended", "by force");
    suspension.setProcess("parent", keepalived.pid);
    void unfreezeWhenStopped(keepalived, { watch: suspension.watch, onStayedStopped, log });
    return keepalived;
  };
  const supervisor = superviseKeepalived({
    start,
    removeVips: async () => void (await heldVips.removeAll()),
    onStart: (pid) => {
      options.onStatus({ keepalived: { isRunning: true, pid } });
      report.ok();
    },
    onDump: (dumps) => {
      takeDump(dumps);
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
  const ended = supervisor.stopped.finally(fifo.close).then(async () => void (await leftoversGone));
  options.onOpen?.(ended);
  const applier = await createApplier({
    ...options,
    conf,
    password: settings.environment.authPass?.value,
    validate: (file) => validateConf(file, { log, signal }),
    supervisor,
    heldVips,
  });
  const handleTransitions = async (onTransition: (transition: Transition) => void): Promise<void> => {
    for await (const transition of fifo.transitions) {
      vrrpStates.applyTransition(transition);
      options.onStates();
      onTransition(transition);
    }
  };
  return {
    companion: suspension.companion,
    leftoversGone,
    vrrpStates,
    heldVips,
    applier,
    dump: async () => {
      const countBefore = vrrpStates.transitionCount;
      const dumps = await supervisor.dump();
      if (dumps !== undefined) takeDump(dumps, countBefore);
      return dumps;
    },
    removeVips: async (addresses) => {
      if (!isConfirmed()) return;
      log.warn({ remedy: "remove" }, "a contradiction is being corrected");
      await heldVips.remove(addresses, isOwned);
    },
    reread: async (why) => {
      if (!isConfirmed()) return;
      log.warn({ remedy: "reload", reason: why }, "keepalived is reloaded");
      try {
        await applier.repairFile();
        await supervisor.startOrReload();
      } catch (err) {
        log.warn({ err }, "keepalived was not reloaded");
      }
    },
    restoreVip: async (group, vip) => {
      if (vrrpStates.stateOf(group) !== "MASTER") return undefined;
      const refused = await addAddress(vip);
      // keepalived may have released the VIPs meanwhile
      await heldVips.remove(new Set([vip.address]), isOwned);
      return refused;
    },
    restart: (why, how) => {
      if (how === "gently" && !isConfirmed()) return;
      log.warn({ remedy: "replace" }, "a contradiction is being corrected");
      supervisor.restart(why, how);
    },
    pauseFor: (groups) => {
      const names = groups.toSorted().join(", ");
      supervisor.setPause(
        names === "" ? undefined : `this host may not own ${names}, and its track file cannot be written`,
      );
    },
    ended,
    run: async (onTransition) => void (await Promise.all([handleTransitions(onTransition), ended])),
  };
}
