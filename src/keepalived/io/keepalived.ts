/** keepalived as one part of the agent: kept running, heard, and given what is to be in force. */
import type { Logger } from "pino";
import type { Surroundings } from "../../conf/paths.ts";
import { describeError } from "../../errors.ts";
import type { JournalEvent } from "../../journal/event.ts";
import { journalEventOf } from "../../journal/log-events.ts";
import type { Settings } from "../../settings/settings.ts";
import type { Remedy } from "../../status/contradiction.ts";
import type { StatusStore } from "../../status/io/store.ts";
import type { StateDir } from "../../system/io/state-dir.ts";
import { vipsOf } from "../../vrrp/instance.ts";
import { pidFilesIn } from "../command.ts";
import type { VrrpState } from "../dump.ts";
import type { VrrpEvent } from "../transition.ts";
import type { Strangers } from "../unknown-senders.ts";
import { type Applier, createApplier } from "./apply.ts";
import { startKeepalived } from "./daemon.ts";
import { type HeldVips, openHeldVips } from "./held-vips.ts";
import { endLeftovers } from "./leftovers.ts";
import { openVrrpFifo } from "./notify-fifo.ts";
import { watchSuccessions } from "./previous-owner.ts";
import { superviseKeepalived } from "./supervisor.ts";
import { watchPulse } from "./unfreeze.ts";
import { validateConf } from "./validate.ts";
import { type VrrpWatch, watchVrrp } from "./vrrp-states.ts";

/** An orphaned keepalived ends by itself in 1 s. */
const ORPHAN_GRACE_MS = 1_500;

export interface KeepalivedPartsOptions {
  readonly settings: Settings;
  readonly stateDir: StateDir;
  readonly around: Surroundings;
  readonly board: StatusStore;
  readonly strangers: Strangers;
  readonly record: (event: JournalEvent) => void;
  /** keepalived said something of its instances, or ended. */
  readonly onNews: () => void;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export interface KeepalivedParts {
  readonly vrrp: VrrpWatch;
  readonly heldVips: HeldVips;
  readonly applier: Applier;
  /** keepalived's own account, taken in as well; undefined while none runs. */
  ask(): Promise<readonly VrrpState[] | undefined>;
  /** Mends what does not pass by itself. Never rejects. */
  mend(remedy: Remedy): Promise<void>;
  /** No keepalived runs while this host must not own these groups and has no other way to say so. */
  renounce(groups: readonly string[]): void;
  /** Takes in each transition as keepalived tells it. Resolves when keepalived is stopped and its VIPs are gone. */
  follow(onTransition: (event: VrrpEvent) => void): Promise<void>;
}

/** Starts nothing: that is for the first configuration to do. */
export async function openKeepalived(options: KeepalivedPartsOptions): Promise<KeepalivedParts> {
  const { settings, stateDir, around, board, strangers, record, onNews, signal } = options;
  const log = options.log.child({ component: "keepalived" });
  const { keepalivedConf: conf } = settings.agent;
  const vrrp = watchVrrp(board);
  const heldVips = await openHeldVips(stateDir, options.log);
  const fifo = await openVrrpFifo(around.notifyFifo);

  const isPreempting = (group: string) =>
    applier.inForce.some(({ name, preempt }) => name === group && preempt);
  const tellSuccessions = watchSuccessions(record, isPreempting);
  const takeAccount = (states: readonly VrrpState[], toldBefore?: number) => {
    vrrp.account(states, toldBefore);
    tellSuccessions(states);
  };
  const isOwned = (address: string) =>
    applier.inForce.some(
      (instance) => vrrp.stateOf(instance.name) === "MASTER" && vipsOf(instance).includes(address),
    );
  const onLine = (line: string) => {
    strangers.read(line, performance.now());
    const event = journalEventOf(line);
    if (event !== undefined) record(event);
  };
  const start = async () => {
    const { parent, vrrp: child } = pidFilesIn(stateDir.path);
    await endLeftovers([parent, child], { log, graceMs: ORPHAN_GRACE_MS, signal });
    await heldVips.removeAll();
    await applier.mendFile();
    // without it the accounts still tell, only later
    await fifo.renew().catch((err: unknown) => log.warn({ err }, "notify FIFO was not made anew"));
    const keepalived = await startKeepalived({
      conf,
      runDir: stateDir.path,
      log,
      onLine,
      signal,
      ...around,
    });
    const onLost = () => supervisor.replace("it stayed stopped", "by force");
    void watchPulse(keepalived, { onLost, log });
    return keepalived;
  };
  const supervisor = superviseKeepalived({
    start,
    removeVips: heldVips.removeAll,
    onStart: (pid) => {
      board.update({ keepalived: { isRunning: true, pid } });
      board.clear("keepalived");
    },
    onAccount: (states) => {
      takeAccount(states);
      onNews();
    },
    onEnd: (error) => {
      record({ kind: "keepalived-ended", reason: describeError(error) });
      board.update({ keepalived: { isRunning: false, pid: undefined } });
      board.raise("keepalived", error);
      vrrp.ended();
      onNews();
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

  const takeTransitions = async (onTransition: (event: VrrpEvent) => void): Promise<void> => {
    for await (const event of fifo.events) {
      vrrp.transition(event);
      onNews();
      onTransition(event);
    }
  };
  return {
    vrrp,
    heldVips,
    applier,
    ask: async () => {
      const toldBefore = vrrp.told;
      const states = await supervisor.ask();
      if (states !== undefined) takeAccount(states, toldBefore);
      return states;
    },
    mend: async (remedy) => {
      // which addresses its groups have is not known until a reload is confirmed
      const isSure = applier.inForce.length > 0;
      if (!isSure && !(remedy.kind === "replace" && remedy.how === "by force")) return;
      log.warn({ remedy: remedy.kind }, "a contradiction is being mended");
      if (remedy.kind === "remove") await heldVips.remove(remedy.addresses, isOwned);
      else supervisor.replace(remedy.why, remedy.how);
    },
    renounce: (groups) => {
      const names = groups.toSorted().join(", ");
      supervisor.pause(
        names === "" ? undefined : `this host may not own ${names}, and no track file can say so`,
      );
    },
    follow: async (onTransition) => {
      await Promise.all([takeTransitions(onTransition), supervisor.stopped.finally(fifo.close)]);
    },
  };
}
