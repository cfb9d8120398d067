/** Health as one part of the agent: reader, events and watchdog for all groups, checks and a track file for each. */
import type { Logger } from "pino";
import { trackFileOf } from "../../conf/paths.ts";
import { type DrainOrders, isDrainOrdered, NO_DRAIN } from "../../drain/orders.ts";
import type { AgentError } from "../../errors.ts";
import { openNatReader } from "../../iptables/io/nat-reader.ts";
import { NO_NAT_EVENTS, openNatEvents } from "../../iptables/io/nft-monitor.ts";
import type { MetadataClient } from "../../metadata/io/client.ts";
import type { MetadataStore } from "../../metadata/io/store.ts";
import type { Settings } from "../../settings/settings.ts";
import type { Report } from "../../system/report.ts";
import type { Check, HealthPlan } from "../plan.ts";
import type { GroupHealthStatus } from "../status.ts";
import { type GroupHealth, type HoldCause, openGroupHealth } from "./group-health.ts";
import { createHealthProbe } from "./probe.ts";
import { openTrackFile } from "./track-file.ts";
import { openWatchdog } from "./watchdog.ts";

/** Time between two signs of life to the watchdog, ms. */
const BEAT_MS = 1_000;
/** After this time without one the host counts as unhealthy, ms. */
const FROZEN_MS = 5_000;
const NAT_TIMEOUT_MS = 1_000;

export interface HealthOptions {
  readonly trackDir: string;
  readonly settings: Settings;
  readonly metadata: MetadataStore;
  readonly client: MetadataClient | undefined;
  /** The agent did not run for so long that others had to take its VIPs, ms. */
  readonly onFrozen: (durationMs: number) => void;
  readonly report: Report;
  /** The health of all groups, sorted by name, at each change. */
  readonly onStatus: (health: readonly GroupHealthStatus[]) => void;
  /** Groups that the host must not own, while their track files cannot be made to say so. */
  readonly onUnenforced: (groups: readonly string[]) => void;
  /** Told of each look of a group's check how long it took, s. */
  readonly onProbe?: (group: string, check: Check["kind"], seconds: number) => void;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export interface Health {
  /**
   * Follows these plans from now on, each with a track file. A group without a plan goes on as it is: keepalived may
   * run it still.
   *
   * @throws {AgentError} CONF_UNWRITABLE where a track file cannot be made.
   */
  setPlans(plans: ReadonlyMap<string, HealthPlan>): Promise<void>;
  /** Ends the checks of all other groups: keepalived runs them no more. */
  retainGroups(groups: ReadonlySet<string>): void;
  /** The host must not own the group's VIPs for the reason given, whatever its checks say; each holder for itself. */
  setHold(group: string, reason: string | undefined, by?: HoldCause): void;
  /** keepalived says that the group is in FAULT: should its track file say so by mistake, it is put right. */
  restoreTrackFile(group: string): void;
  /** What the command `drain` orders, of groups that are there and of those that begin later. */
  setDrainOrders(orders: DrainOrders): void;
  /** Something happened that may matter to these kinds of checks: looks at once. */
  probeNow(kinds: readonly Check["kind"][]): void;
}

export function openHealth(options: HealthOptions): Health {
  const { trackDir, settings, report, signal } = options;
  const log = options.log.child({ component: "health" });
  const groups = new Map<string, { readonly health: GroupHealth; readonly stop: AbortController }>();
  const statuses = new Map<string, GroupHealthStatus>();
  const troubles = new Map<string, AgentError>();
  const stuck = new Set<string>();
  let orders = NO_DRAIN;
  const each = (act: (health: GroupHealth) => void) => {
    for (const { health } of groups.values()) act(health);
  };
  const publish = () => {
    options.onStatus([...statuses.values()].toSorted((a, b) => (a.group < b.group ? -1 : 1)));
  };
  const showTroubles = () => {
    const [trouble] = troubles.values();
    if (trouble === undefined) report.ok();
    else report.problem(trouble);
  };
  const onChange = () => each((health) => health.probeNow(["ports"]));
  const { iptablesBackend: backend } = settings.agent;
  const natEvents = backend === "legacy" ? NO_NAT_EVENTS : openNatEvents({ onChange, log, signal });
  const natReader = openNatReader({
    backend,
    timeoutMs: NAT_TIMEOUT_MS,
    changes: natEvents,
    log,
    signal,
  });
  const look = createHealthProbe({ ...options, natReader, nftChanges: natEvents });
  const watchdog = openWatchdog({
    pathPrefix: trackFileOf(trackDir, ""),
    timeoutMs: FROZEN_MS,
    onEmptied: () => each((health) => health.reset()),
    log,
    signal,
  });
  let beatMs = performance.now();
  const beat = setInterval(() => {
    const silentMs = performance.now() - beatMs;
    if (silentMs >= FROZEN_MS) options.onFrozen(Math.round(silentMs));
    beatMs = performance.now();
    watchdog.beat();
  }, BEAT_MS);
  signal.addEventListener("abort", () => clearInterval(beat), { once: true });

  const open = async (group: string): Promise<GroupHealth> => {
    const stop = new AbortController();
    const health = openGroupHealth({
      group,
      trackFile: await openTrackFile(trackFileOf(trackDir, group)),
      probe: async (check, timeoutMs, lookSignal) => {
        const startedMs = performance.now();
        const looked = await look(check, timeoutMs, lookSignal);
        options.onProbe?.(group, check.kind, (performance.now() - startedMs) / 1_000);
        return looked;
      },
      onStatus: (status) => {
        statuses.set(group, { group, ...status });
        publish();
      },
      onUnenforced: (isStuck) => {
        if (isStuck) stuck.add(group);
        else stuck.delete(group);
        options.onUnenforced([...stuck]);
      },
      onProblem: (trouble) => {
        if (trouble === undefined) troubles.delete(group);
        else troubles.set(group, trouble);
        showTroubles();
      },
      log: log.child({ group }),
      signal: AbortSignal.any([signal, stop.signal]),
    });
    groups.set(group, { health, stop });
    health.setDrain(isDrainOrdered(orders, group));
    return health;
  };

  return {
    setPlans: async (plans) => {
      for (const [group, plan] of plans) {
        const health = groups.get(group)?.health ?? (await open(group));
        health.setPlan(plan);
      }
    },
    retainGroups: (wanted) => {
      const gone = [...groups.keys()].filter((group) => !wanted.has(group));
      for (const group of gone) {
        groups.get(group)?.stop.abort();
        groups.delete(group);
        statuses.delete(group);
        troubles.delete(group);
        stuck.delete(group);
      }
      if (gone.length === 0) return;
      options.onUnenforced([...stuck]);
      publish();
      showTroubles();
    },
    setHold: (group, reason, by) => groups.get(group)?.health.setHold(reason, by),
    restoreTrackFile: (group) => groups.get(group)?.health.restoreTrackFile(),
    setDrainOrders: (next) => {
      orders = next;
      for (const [group, { health }] of groups) health.setDrain(isDrainOrdered(orders, group));
    },
    probeNow: (kinds) => each((health) => health.probeNow(kinds)),
  };
}
