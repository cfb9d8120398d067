/**
 * The questions to a late owner, wired: which groups this host may take over, and what the journal learns.
 *
 * A group counts while this host backs it up, is healthy, and neither drains nor holds it, outside of a planned change.
 */
import type { Logger } from "pino";
import { type MemberPriority, memberPriorities } from "../groups/member-priorities.ts";
import type { JournalEvent } from "../journal/event.ts";
import type { PreviousOwner } from "../keepalived/previous-owner.ts";
import type { MetadataStore } from "../metadata/io/store.ts";
import { addressInGroup } from "../metadata/members.ts";
import type { MetadataView } from "../metadata/view.ts";
import { linkLocalOf } from "../network/host-network.ts";
import { readGateways } from "../network/io/read-gateways.ts";
import { needsReleaseTable } from "../owner-probe/advert-path.ts";
import { openOwnerProbe } from "../owner-probe/io/owner-probe.ts";
import { openReleaseTable } from "../owner-probe/io/release-table.ts";
import { placesOf } from "../owner-probe/places.ts";
import type { ProbedGroup, ProbedLink } from "../owner-probe/probe-lines.ts";
import type { LiveSettings } from "../settings/io/settings.ts";
import type { Settings } from "../settings/settings.ts";
import type { HeardOwner } from "../split-brain/heard-owners.ts";
import type { Watched } from "../split-brain/watched.ts";
import type { StatusStore } from "../status/io/store.ts";
import type { Status } from "../status/status.ts";
import { retainNames } from "../text/by-name.ts";
import type { Instance } from "../vrrp/instance.ts";
import type { ListenerCompanion } from "../wire/io/listener.ts";

/** keepalived takes over within its skew time, and reports it to a busy agent a moment later. */
const RECENT_MS = 3_000;

export interface GroupProbe {
  readonly companion: ListenerCompanion;
  setInForce(now: Watched): void;
  /** After a takeover by this probe, keepalived counts `given-up`. This corrects it to `silent`. */
  previousOwner(group: string, counted: PreviousOwner): PreviousOwner;
  /** Resolves once keepalived has ended and no process of this part is left. Never rejects. */
  closeAfter(keepalivedEnded: Promise<unknown>): Promise<void>;
}

export interface GroupProbeOptions {
  readonly settings: Settings;
  readonly live: LiveSettings;
  readonly metadata: MetadataStore;
  readonly store: StatusStore;
  /** What is heard of each group's owner. */
  readonly hearings: () => ReadonlyMap<string, HeardOwner>;
  readonly record: (event: JournalEvent) => void;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** A group of this host, with what metadata says of its members. */
interface Candidate {
  readonly instance: Instance;
  readonly members: readonly MemberPriority[];
  readonly ownAddress: string | undefined;
}

export function openGroupProbe(options: GroupProbeOptions): GroupProbe {
  const { settings, live, metadata, store, record, hearings, log, signal } = options;
  const tookMs = new Map<string, number>();
  let watched: Watched | undefined;
  let candidates: readonly Candidate[] = [];
  let links: ReadonlyMap<string, ProbedLink> = new Map();
  let askedAbout = "";

  const probe = openOwnerProbe({
    seconds: settings.agent.ownerProbeSeconds,
    onStatus: (ownerProbe) => store.update({ ownerProbe }),
    onTakeover: (group, { owner, ...unanswered }) => {
      tookMs.set(group, performance.now());
      const name = metadata.hostNameOf(owner) ?? owner;
      record({ kind: "owner-unanswered", group, owner: name, ...unanswered });
    },
    log,
  });
  const table = openReleaseTable({ onChange: () => update(store.status), log, signal });
  const groupsToAskAbout = (status: Status): Candidate[] => {
    const names = namesToTakeOver(status);
    return candidates.filter(({ instance }) => names.has(instance.name));
  };
  const update = (status: Status) => {
    const toAskAbout = groupsToAskAbout(status);
    const heard = heardBy(toAskAbout, hearings);
    askedAbout = textOf(toAskAbout, heard);
    const needsTable = candidates.some(({ instance }) => needsReleaseTable(instance));
    if (needsTable) table.want();
    const possible = toAskAbout.filter(({ instance }) => table.isUp || !needsReleaseTable(instance));
    const probed = possible.map((candidate) => probedGroup(candidate, heard.get(candidate.instance.name)));
    const names = watched?.instances.map(({ name }) => name) ?? [];
    probe.setGroups(names, probed, links, needsTable ? table.problem : undefined);
  };
  store.subscribe((status) => {
    // a status changes often, and the groups of it seldom
    const toAskAbout = groupsToAskAbout(status);
    if (textOf(toAskAbout, heardBy(toAskAbout, hearings)) !== askedAbout) update(status);
  });
  return {
    companion: probe.companion,
    setInForce: (next) => {
      const { view } = metadata;
      if (settings.agent.ownerProbeSeconds === undefined || view === undefined) return;
      watched = next;
      retainNames(
        tookMs,
        next.instances.map(({ name }) => name),
      );
      links = linksOf(next);
      candidates = next.instances.flatMap((instance) => {
        if (next.changing.has(instance.name)) return [];
        const members = memberPriorities(instance.name, live.current, view);
        return { instance, members, ownAddress: ownAddressIn(instance.name, view) };
      });
      update(store.status);
    },
    previousOwner: (group, counted) => {
      const isTaken = performance.now() - (tookMs.get(group) ?? Number.NEGATIVE_INFINITY) < RECENT_MS;
      return isTaken && counted === "given-up" ? "silent" : counted;
    },
    closeAfter: async (keepalivedEnded) => {
      await keepalivedEnded.catch(() => undefined);
      await table.ended;
    },
  };
}

type Heard = Extract<HeardOwner, { phase: "heard" }>;

/** The owners that are heard of those groups whose adverts are multicast: metadata need not list them. */
function heardBy(
  candidates: readonly Candidate[],
  hearings: GroupProbeOptions["hearings"],
): ReadonlyMap<string, Heard> {
  const names = candidates.flatMap(({ instance: { name, unicast } }) => (unicast === undefined ? name : []));
  if (names.length === 0) return new Map();
  const all = hearings();
  return new Map(
    names.flatMap((name) => {
      const hearing = all.get(name);
      return hearing?.phase === "heard" ? [[name, hearing] as const] : [];
    }),
  );
}

/** Equal for equal groups with equal owners. */
function textOf(candidates: readonly Candidate[], heard: ReadonlyMap<string, Heard>): string {
  return candidates
    .map(({ instance: { name } }) => `${name} ${heard.get(name)?.address} ${heard.get(name)?.priority}`)
    .join("\n");
}

function probedGroup({ instance, members, ownAddress }: Candidate, heard: Heard | undefined): ProbedGroup {
  const places = placesOf(instance, members, { ownAddress, heard });
  if (instance.unicast !== undefined) return { instance, places };
  const addresses = members.flatMap((member) => member.addresses);
  return { instance, places, others: addresses.filter((address) => !places.has(address)) };
}

function ownAddressIn(group: string, { members, snapshot }: MetadataView): string | undefined {
  const self = members.find(({ hostUuid }) => hostUuid === snapshot.self.uuid);
  return self && addressInGroup(group, self);
}

function namesToTakeOver({ instances, health }: Status): ReadonlySet<string> {
  const able = health.filter(
    ({ isHealthy, isDrained, heldBy }) => isHealthy && !isDrained && heldBy === undefined,
  );
  const ableNames = new Set(able.map(({ group }) => group));
  const backups = instances.filter(({ name, state }) => state === "BACKUP" && ableNames.has(name));
  return new Set(backups.map(({ name }) => name));
}

function linksOf({ instances, network }: Watched): ReadonlyMap<string, ProbedLink> {
  const names = new Set(instances.map((instance) => instance.interface));
  const links = network.interfaces.filter(({ name }) => names.has(name));
  return new Map(
    links.flatMap((link) => {
      const { name, mac, isDown } = link;
      if (mac === undefined || isDown === true) return [];
      return [[name, { mac, linkLocal: linkLocalOf(link), gateways: readGateways(name) }] as const];
    }),
  );
}
