/**
 * The split-brain sentinel: it listens on the wire for other hosts that may own this host's VIPs, and has the listener ask
 * for the VIPs that this host owns. It reports which hosts it suspects, and why. Without evidence it does nothing.
 */
import type { Logger } from "pino";
import type { InstanceDump } from "../../keepalived/dump.ts";
import type { InstanceStatus } from "../../keepalived/instance-status.ts";
import { readFullTable } from "../../sending/io/explain-unsent.ts";
import { retainNames } from "../../text/by-name.ts";
import type { HostNameOf } from "../../text/host-text.ts";
import type { WireFrame } from "../../wire/frame.ts";
import type { Wire } from "../../wire/io/wire.ts";
import { NO_EVIDENCE, withFrame, withoutSilent } from "../evidence.ts";
import { withHostFault } from "../host-fault.ts";
import { createKnownFrames } from "../known-frames.ts";
import { createNextOwner, type Takeover } from "../next-owner.ts";
import { createReturnedFrames, type ReturnedFrames } from "../returned-frames.ts";
import { createRivalEnds, type Rival, rivalsOf } from "../rivals.ts";
import { deriveSuspicions, type SplitBrainStatus } from "../suspicion.ts";
import { type Watched, watchedGroups } from "../watched.ts";
import { isRelated, ownedWithOtherMac, type WatchedGroup } from "../watched-group.ts";
import { createAdvertCount } from "./advert-count.ts";
import { type AnnouncerOptions, createAnnouncer } from "./announcer.ts";
import { createCaptureUpdate } from "./capture-update.ts";
import { momentNow, type OwnerHearing, openOwnerHearing } from "./owner-hearing.ts";
import { createSuspicionReport } from "./suspicion-report.ts";
import { createTakeoverListening } from "./takeover-listening.ts";

/** The evidence is judged this often, as long as there is any. */
const JUDGE_INTERVAL_MS = 250;
/** After such a pause this host's states may be outdated, and silence does not prove that a rival is gone. */
const PAUSE_MS = 1_000;

export interface SentinelOptions {
  /** Gets all suspicions, at each change and as long as there is one. */
  readonly onSuspicions: (suspicions: readonly SplitBrainStatus[]) => void;
  readonly openWire: (onFrame: (frame: WireFrame) => void) => Wire;
  /** What keepalived says about its instances. Undefined if it does not answer. */
  readonly dump: () => Promise<readonly InstanceDump[] | undefined>;
  /** Another host is the owner of a group that this host no longer owns. */
  readonly onTakeover: (takeover: Takeover) => void;
  readonly hostNameOf: HostNameOf;
  /** A group has another owner by its adverts, or none. */
  readonly onOwners: () => void;
  /** There is new advice. */
  readonly onAdvice: () => void;
  /** The VIPs that the kernel has now. */
  readonly readVips: AnnouncerOptions["readVips"];
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export interface Sentinel {
  readonly wire: Wire;
  /** Packets of this host that come back. */
  readonly returned: Pick<ReturnedFrames, "advice" | "recheckMs">;
  /** What is heard of each group's owner. */
  readonly hearings: OwnerHearing["hearings"];
  /** Sets which groups this host owns. */
  setStates(instances: readonly InstanceStatus[]): void;
  /** Watches these groups from now on. */
  setInForce(now: Watched): void;
}

/** Watches until the signal aborts. */
export function openSentinel(options: SentinelOptions): Sentinel {
  const { log, signal } = options;
  const advertCount = createAdvertCount(options.dump);
  const knownFrames = createKnownFrames();
  const nextOwner = createNextOwner(options.onTakeover);
  const rivalEnds = createRivalEnds();
  const returned = createReturnedFrames();
  const owners = openOwnerHearing(options.onOwners, signal);
  const states = new Map<string, { isOwner: boolean; sinceMs: number }>();
  let watched: Watched = {
    instances: [],
    network: { interfaces: [], defaultRoute: {} },
    changing: new Map(),
  };
  let groups: readonly WatchedGroup[] = [];
  let evidence = NO_EVIDENCE;
  let timer: NodeJS.Timeout | undefined;
  /** When each planned change that is under way began. */
  const changingSinceMs = new Map<string, number>();
  let rivals: readonly Rival[] = [];
  let judgedMs = performance.now();

  const report = createSuspicionReport(options.onSuspicions, log);
  const updateCapture = () => tellCapture({ groups, network: watched.network, rivals });
  const updateGroups = () => {
    groups = watchedGroups(watched, { owned: states, changingSinceMs });
    owners.setGroups(groups);
    updateCapture();
  };
  /** Announces the VIPs of a group once a rival is gone: clients may still follow that rival. */
  const updateRivals = (nowMs: number) => {
    if (nowMs - judgedMs > PAUSE_MS) rivalEnds.clear();
    judgedMs = nowMs;
    rivals = rivalsOf(groups, evidence, nowMs);
    const owned = new Set(groups.flatMap(({ isOwner, instance }) => (isOwner ? instance.name : [])));
    for (const group of rivalEnds.note(rivals, owned)) {
      log.info({ group }, "another claimant is gone: the VIPs are announced");
      announcer.announceAll(group);
    }
  };
  const judge = () => {
    timer = undefined;
    if (signal.aborted) return;
    const nowMs = performance.now();
    evidence = withoutSilent(evidence, nowMs);
    const suspicions = groups.flatMap((group) => {
      const isReceiving = advertCount.isReceiving(group, evidence, nowMs);
      return deriveSuspicions({ ...group, isReceiving }, evidence, options.hostNameOf);
    });
    report(suspicions.length === 0 ? suspicions : withHostFault(suspicions, readFullTable()));
    updateRivals(nowMs);
    for (const group of groups)
      if (knownFrames.addSoleOwner(group, evidence, nowMs)) owners.setRare(true, group.instance.name);
    updateCapture();
    if (evidence.senders.size > 0 || evidence.claimants.size > 0)
      timer = setTimeout(judge, JUDGE_INTERVAL_MS);
  };
  const onFrame = (frame: WireFrame) => {
    const { advert } = frame;
    if (advert !== undefined && !groups.some((group) => isRelated(group, { ...frame, advert }))) {
      if (knownFrames.addUnrelated(frame.text)) updateCapture();
      return;
    }
    knownFrames.noteFrame(frame, groups);
    const isRare = knownFrames.isOwners(frame.text);
    owners.noteFrame(frame, groups, isRare);
    if (isRare) return; // the one owner goes on, which is no evidence of another one
    evidence = withFrame(evidence, frame, performance.now());
    nextOwner.noteFrame(frame, groups, momentNow());
    takeoverListening.update();
    if (returned.noteFrame(frame, groups, performance.now())) options.onAdvice();
    timer ??= setTimeout(judge, JUDGE_INTERVAL_MS);
  };

  const awaitedOn = () => {
    const awaited = nextOwner.awaited(performance.now());
    return new Set(groups.flatMap(({ instance }) => (awaited.has(instance.name) ? instance.interface : [])));
  };

  const wire = options.openWire(onFrame);
  const tellCapture = createCaptureUpdate({ wire, knownFrames, onRareFrame: owners.noteRare });
  const takeoverListening = createTakeoverListening(wire, awaitedOn, signal);
  const announcer = createAnnouncer({
    announce: wire.announce,
    readVips: options.readVips,
    findOwned: (name) => {
      const owned = groups.find((group) => group.instance.name === name && group.isOwner);
      return owned?.mac === undefined ? undefined : { instance: owned.instance, mac: owned.mac };
    },
    signal,
  });
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  return {
    wire,
    returned,
    hearings: owners.hearings,
    setStates: (instances) => {
      let hasChanged = false;
      const begun: string[] = [];
      retainNames(
        states,
        instances.map(({ name }) => name),
      );
      for (const { name, state } of instances) {
        const isOwner = state === "MASTER";
        if (states.get(name)?.isOwner === isOwner) continue;
        states.set(name, { isOwner, sinceMs: performance.now() });
        knownFrames.forgetOwner(name);
        owners.setRare(false, name);
        nextOwner.setState(name, isOwner, momentNow(), owners.hearings().get(name));
        hasChanged = true;
        if (isOwner) begun.push(name);
      }
      if (hasChanged) {
        updateGroups();
        takeoverListening.update();
      }
      // keepalived announces one group after the other, all VIPs of each: a later group's first VIP would wait
      if (begun.length > 0 && groups.length > 1) announcer.announceFirst(begun);
    },
    setInForce: (next) => {
      const hasChanged = JSON.stringify(next.instances) !== JSON.stringify(watched.instances);
      watched = next;
      retainNames(changingSinceMs, next.changing.keys());
      for (const group of next.changing.keys())
        changingSinceMs.set(group, changingSinceMs.get(group) ?? performance.now());
      if (hasChanged) {
        knownFrames.clear();
        owners.setRare(false);
      }
      announcer.retainGroups(new Set(next.instances.map(({ name }) => name)));
      const before = groups;
      updateGroups();
      for (const group of ownedWithOtherMac(before, groups)) announcer.announceAll(group);
    },
  };
}
