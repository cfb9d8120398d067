/**
 * Health on this host, as one part of the agent.
 *
 * All groups share the reader of the nat tables and the watchdog. Each has its own checks and track
 * file (group-health.ts).
 */
import type { Logger } from "pino";
import { trackFileOf } from "../../conf/paths.ts";
import { type DrainOrders, isDrainOrdered, NO_DRAIN } from "../../drain/orders.ts";
import type { AgentError } from "../../errors.ts";
import { createSharedChains } from "../../iptables/io/chains-listing.ts";
import { NO_LEGACY_MONITOR, openLegacyMonitor } from "../../iptables/io/legacy-monitor.ts";
import { openNatReader } from "../../iptables/io/nat-reader.ts";
import { NO_NFT_MONITOR } from "../../iptables/io/nft-monitor.ts";
import type { RuleChanges } from "../../iptables/nat-schedule.ts";
import type { MetadataClient } from "../../metadata/io/client.ts";
import type { MetadataStore } from "../../metadata/io/store.ts";
import type { Settings } from "../../settings/settings.ts";
import { everyTick } from "../../system/io/ticks.ts";
import type { Report } from "../../system/report.ts";
import type { InForce } from "../../vrrp/in-force.ts";
import { createHolds, type HoldCause } from "../holds.ts";
import { FROZEN_MS, pauseOf } from "../pause.ts";
import type { Check, HealthPlan } from "../plan.ts";
import type { GroupHealthStatus } from "../status.ts";
import { type GroupHealth, openGroupHealth } from "./group-health.ts";
import { removeLeftoverTrackFiles } from "./leftover-track-files.ts";
import { createHealthProbe } from "./probe.ts";
import { openTrackFile } from "./track-file.ts";
import { openWatchdog } from "./watchdog.ts";

/** The agent tells the watchdog this often that it is alive. */
const HEARTBEAT_MS = 1_000;
/** Limit for one read of one backend's nat table. */
const NAT_TIMEOUT_MS = 1_000;

export interface HealthOptions {
  readonly trackDir: string;
  readonly settings: Settings;
  readonly metadata: MetadataStore;
  readonly client: MetadataClient | undefined;
  /** Calls back when rules of nft changed. Not called where the rules of nft are not read. */
  readonly subscribeRules: (onChange: () => void) => RuleChanges;
  /** The agent did not run for so long that VIPs may have moved. */
  readonly onPause: (durationMs: number) => void;
  readonly report: Report;
  /** The health of all groups, sorted by name, at each change. */
  readonly onStatus: (health: readonly GroupHealthStatus[]) => void;
  /** The groups that this host must not own, but whose track files cannot be changed to say so. */
  readonly onUnenforced: (groups: readonly string[]) => void;
  /** How long each probe took. */
  readonly onProbe?: (group: string, check: Check["kind"], seconds: number) => void;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export interface Health {
  /**
   * Replaces the plans of these groups, and makes track files for new ones. Other groups keep their plan, because
   * keepalived may still run them.
   *
   * @throws {AgentError} CONF_UNWRITABLE if a track file cannot be made.
   */
  setPlans(plans: ReadonlyMap<string, HealthPlan>): Promise<void>;
  /** The same for those of the groups that have no plan yet. */
  addPlans(plans: ReadonlyMap<string, HealthPlan>): Promise<void>;
  /** Ends the checks of all other groups, because keepalived does not run them any more. */
  setInForce(now: Pick<InForce, "groups">): void;
  /**
   * Removes the track files of groups that are gone. To be called once no configuration names them any more, not even the
   * one that the next run would begin with. Never throws.
   */
  cleanUp(): Promise<void>;
  /** See `GroupHealth.setHold`. A group without a plan is held back from its first plan on. */
  setHold(group: string, reason: string | undefined, by?: HoldCause): void;
  /** The same for all present and later groups. */
  setHoldOnAll(reason: string | undefined, by: HoldCause): void;
  /** Corrects the track file of a group that keepalived reports in FAULT, if it was changed from outside. */
  restoreTrackFile(group: string): void;
  /** Replaces the orders of the command `drain`, for present and later groups. */
  setDrainOrders(orders: DrainOrders): void;
  /** Runs these kinds of checks now, because something happened that may change their verdicts. */
  probeNow(kinds: readonly Check["kind"][]): void;
  /** What an operator should read although the checks are healthy. */
  advice(): string[];
}

export function openHealth(options: HealthOptions): Health {
  const { trackDir, settings, report, signal } = options;
  const log = options.log.child({ component: "health" });
  const groups = new Map<string, { readonly health: GroupHealth; readonly stop: AbortController }>();
  const statuses = new Map<string, GroupHealthStatus>();
  const problems = new Map<string, AgentError>();
  const unenforced = new Set<string>();
  const holds = createHolds();
  let orders = NO_DRAIN;
  const forEachGroup = (act: (health: GroupHealth) => void) => {
    for (const { health } of groups.values()) act(health);
  };
  const publish = () => {
    options.onStatus([...statuses.values()].toSorted((a, b) => (a.group < b.group ? -1 : 1)));
  };
  const reportProblems = () => {
    const [problem] = problems.values();
    if (problem === undefined) report.ok();
    else report.problem(problem);
  };
  const onChange = () => forEachGroup((health) => health.probeNow(["ports", "target"]));
  const { iptablesBackend: backend } = settings.agent;
  const nftChanges = backend === "legacy" ? NO_NFT_MONITOR : options.subscribeRules(onChange);
  const legacyChanges = backend === "nft" ? NO_LEGACY_MONITOR : openLegacyMonitor({ onChange, log, signal });
  const sharedChains = createSharedChains(signal, nftChanges);
  const natOptions = {
    backend,
    timeoutMs: NAT_TIMEOUT_MS,
    changes: nftChanges,
    legacyChanges,
    sharedChains,
    log,
    signal,
  };
  const natReaders = {
    ipv4: openNatReader({ ...natOptions, family: "ipv4" }),
    ipv6: openNatReader({ ...natOptions, family: "ipv6" }),
  };
  const probe = createHealthProbe({ ...options, natReaders, nftChanges, legacyChanges, sharedChains });
  const watchdog = openWatchdog({
    pathPrefix: trackFileOf(trackDir, ""),
    timeoutMs: FROZEN_MS,
    onEmptied: () => forEachGroup((health) => health.reset()),
    log,
    signal,
  });
  let lastBeatMs = performance.now();
  const beat = () => {
    const pauseMs = pauseOf(performance.now() - lastBeatMs);
    if (pauseMs !== undefined) options.onPause(pauseMs);
    lastBeatMs = performance.now();
    watchdog.beat();
  };
  everyTick(HEARTBEAT_MS, beat, signal);

  const open = async (group: string): Promise<GroupHealth> => {
    const stop = new AbortController();
    const health = openGroupHealth({
      group,
      trackFile: await openTrackFile(trackFileOf(trackDir, group)),
      probe: async (check, timeoutMs, checkSignal) => {
        const startedMs = performance.now();
        const outcome = await probe(check, timeoutMs, checkSignal);
        options.onProbe?.(group, check.kind, (performance.now() - startedMs) / 1_000);
        return outcome;
      },
      onStatus: (status) => {
        statuses.set(group, { group, ...status });
        publish();
      },
      onUnenforced: (isUnenforced) => {
        if (isUnenforced) unenforced.add(group);
        else unenforced.delete(group);
        options.onUnenforced([...unenforced]);
      },
      onProblem: (problem) => {
        if (problem === undefined) problems.delete(group);
        else problems.set(group, problem);
        reportProblems();
      },
      log: log.child({ group }),
      signal: AbortSignal.any([signal, stop.signal]),
    });
    groups.set(group, { health, stop });
    health.setDrain(isDrainOrdered(orders, group));
    for (const [by, reason] of holds.of(group)) health.setHold(reason, by);
    return health;
  };
  const setPlans = async (plans: Iterable<readonly [string, HealthPlan]>): Promise<void> => {
    for (const [group, plan] of plans) {
      const health = groups.get(group)?.health ?? (await open(group));
      health.setPlan(plan);
    }
  };

  return {
    setPlans,
    addPlans: (plans) => setPlans([...plans].filter(([group]) => !groups.has(group))),
    setInForce: ({ groups: wanted }) => {
      holds.retainGroups(wanted);
      const gone = [...groups.keys()].filter((group) => !wanted.has(group));
      for (const group of gone) {
        groups.get(group)?.stop.abort();
        groups.delete(group);
        statuses.delete(group);
        problems.delete(group);
        unenforced.delete(group);
      }
      if (gone.length === 0) return;
      options.onUnenforced([...unenforced]);
      publish();
      reportProblems();
    },
    cleanUp: () => removeLeftoverTrackFiles(trackDir, new Set(groups.keys()), log),
    setHold: (group, reason, by = "plan") => {
      holds.set(group, reason, by);
      groups.get(group)?.health.setHold(reason, by);
    },
    setHoldOnAll: (reason, by) => {
      holds.setOnAll(reason, by);
      forEachGroup((health) => health.setHold(reason, by));
    },
    restoreTrackFile: (group) => groups.get(group)?.health.restoreTrackFile(),
    setDrainOrders: (next) => {
      orders = next;
      for (const [group, { health }] of groups) health.setDrain(isDrainOrdered(orders, group));
    },
    probeNow: (kinds) => forEachGroup((health) => health.probeNow(kinds)),
    advice: () => [...groups.values()].flatMap(({ health }) => health.advice()),
  };
}
