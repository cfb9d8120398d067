/**
 * The split-brain sentinel: listens on the wire for others that own this host's VIPs as well, asks for the VIPs while this
 * host is their owner, and shows whom it suspects, and of what. While nobody else is heard it sleeps.
 */
import type { Logger } from "pino";
import type { InstanceDump } from "../../keepalived/dump.ts";
import type { InstanceStatus } from "../../keepalived/instance-status.ts";
import { allAddresses, type HostNetwork } from "../../network/host-network.ts";
import type { Instance } from "../../vrrp/instance.ts";
import type { WireFrame } from "../../wire/frame.ts";
import type { WireHub } from "../../wire/io/wire.ts";
import { wishesOf } from "../capture-targets.ts";
import { NO_EVIDENCE, withFrame, withoutGone } from "../evidence.ts";
import { createMutes } from "../known-frames.ts";
import { awaitHeirs } from "../next-owner.ts";
import { type SplitBrainStatus, type Suspicion, suspect } from "../suspect.ts";
import { concerns, type WatchedGroup } from "../watched-group.ts";
import { watchHearing } from "./advert-count.ts";

/** While anything is heard, it is judged this often, ms. */
const JUDGE_MS = 250;

export interface SentinelOptions {
  /** Whom this host suspects, at each change and while it suspects anyone. */
  readonly onSuspicions: (suspicions: readonly SplitBrainStatus[]) => void;
  readonly openHub: (onFrame: (frame: WireFrame) => void) => WireHub;
  /** keepalived's own account. */
  readonly ask: () => Promise<readonly InstanceDump[] | undefined>;
  /** Another host, by its address, is heard as owner of a group that this host left. */
  readonly onHeir: (group: string, address: string) => void;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export interface Sentinel {
  readonly hub: WireHub;
  /** Takes in which groups this host owns. */
  takeStates(instances: readonly InstanceStatus[]): void;
  /** Watches the groups that are in force. @param changing what members may run besides, by group. */
  follow(
    instances: readonly Instance[],
    network: HostNetwork,
    changing: ReadonlyMap<string, readonly Instance[]>,
  ): void;
}

interface Followed {
  readonly instances: readonly Instance[];
  readonly network: HostNetwork;
  readonly changing: ReadonlyMap<string, readonly Instance[]>;
}

/** Watches until the signal aborts. */
export function openSentinel(options: SentinelOptions): Sentinel {
  const { log, signal } = options;
  const hearing = watchHearing(options.ask);
  const mutes = createMutes();
  const heirs = awaitHeirs(options.onHeir);
  const states = new Map<string, { isMaster: boolean; sinceMs: number }>();
  let followed: Followed = {
    instances: [],
    network: { interfaces: [], defaultRoute: {} },
    changing: new Map(),
  };
  let groups: readonly WatchedGroup[] = [];
  let evidence = NO_EVIDENCE;
  let shown: readonly SplitBrainStatus[] = [];
  let planned = "";
  let timer: NodeJS.Timeout | undefined;

  /** Gives each suspicion the time of its beginning, and logs those that come and go. */
  const show = (suspicions: readonly Suspicion[]) => {
    const known = new Map(shown.map((one) => [keyOf(one), one]));
    const before = shown;
    const since = new Date().toISOString();
    shown = suspicions.map((one) => ({ ...one, since: known.get(keyOf(one))?.since ?? since }));
    const now = new Set(suspicions.map(keyOf));
    for (const { text, ...fields } of suspicions.filter((one) => !known.has(keyOf(one))))
      log.error({ ...fields, reason: text }, "split brain suspected");
    for (const { group, cause, address, mac } of before.filter((one) => !now.has(keyOf(one))))
      log.info({ group, cause, address, mac }, "split brain no longer suspected");
    if (shown.length > 0 || before.length > 0) options.onSuspicions(shown);
  };
  const guard = () => {
    const wishes = wishesOf(groups, followed.network);
    const plan = JSON.stringify([wishes, [...mutes.frames]]);
    if (plan === planned) return;
    planned = plan;
    hub.guard(wishes, [...mutes.frames]);
  };
  const regroup = () => {
    const { network, changing } = followed;
    const ownAddresses = new Set(allAddresses(network));
    const ownMacs = new Set(network.interfaces.flatMap(({ mac }) => mac ?? []));
    groups = followed.instances.map((instance) => ({
      instance,
      changing: changing.get(instance.name) ?? [],
      ...(states.get(instance.name) ?? { isMaster: false, sinceMs: 0 }),
      isHearing: undefined,
      ownAddresses,
      ownMacs,
    }));
    guard();
  };
  const takeStates = (instances: readonly InstanceStatus[]) => {
    let isNews = false;
    for (const { name, state } of instances) {
      const isMaster = state === "MASTER";
      if (states.get(name)?.isMaster === isMaster) continue;
      states.set(name, { isMaster, sinceMs: performance.now() });
      mutes.forget(name);
      heirs.enter(name, isMaster);
      isNews = true;
    }
    if (isNews) regroup();
  };
  const judge = () => {
    timer = undefined;
    if (signal.aborted) return;
    const nowMs = performance.now();
    evidence = withoutGone(evidence, nowMs);
    const suspicions = groups.flatMap((group) => {
      const isHearing = hearing.of(group, evidence, nowMs);
      return suspect({ ...group, isHearing }, evidence);
    });
    show(suspicions);
    for (const group of groups) mutes.settle(group, evidence, nowMs);
    guard();
    if (evidence.speakers.size > 0 || evidence.claimants.size > 0) timer = setTimeout(judge, JUDGE_MS);
  };
  const take = (frame: WireFrame) => {
    const { advert } = frame;
    const isOfNobody = advert !== undefined && !groups.some((group) => concerns(group, { ...frame, advert }));
    if (isOfNobody) {
      if (mutes.ignore(frame.text)) guard();
      return;
    }
    evidence = withFrame(evidence, frame, performance.now());
    mutes.hear(frame, groups);
    heirs.hear(frame, groups);
    timer ??= setTimeout(judge, JUDGE_MS);
  };

  const hub = options.openHub(take);
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  return {
    hub,
    takeStates,
    follow: (instances, network, changing) => {
      const before = JSON.stringify(followed.instances);
      followed = { instances, network, changing };
      if (JSON.stringify(instances) !== before) mutes.clear();
      regroup();
    },
  };
}

function keyOf({ group, cause, address, mac }: Suspicion): string {
  return JSON.stringify([group, cause, address, mac]);
}
