/**
 * The questions to a late owner, wired: which groups this host may take over, and what the journal learns.
 *
 * A group counts while this host backs it up, is healthy, and neither drains nor holds it, outside of a planned change.
 */
import type { Logger } from "pino";
import { memberPriorities } from "../groups/member-priorities.ts";
import type { JournalEvent } from "../journal/event.ts";
import type { PreviousOwner } from "../keepalived/previous-owner.ts";
import type { MetadataStore } from "../metadata/io/store.ts";
import { linkLocalOf } from "../network/host-network.ts";
import { readGateways } from "../network/io/read-gateways.ts";
import { openOwnerProbe } from "../owner-probe/io/owner-probe.ts";
import { placesOf } from "../owner-probe/places.ts";
import type { ProbedGroup, ProbedLink } from "../owner-probe/probe-lines.ts";
import type { LiveSettings } from "../settings/io/settings.ts";
import type { Settings } from "../settings/settings.ts";
import type { Watched } from "../split-brain/io/sentinel.ts";
import type { StatusStore } from "../status/io/store.ts";
import type { Status } from "../status/status.ts";
import { retainNames } from "../text/by-name.ts";
import type { ListenerCompanion } from "../wire/io/listener.ts";

/** keepalived takes over within its skew time, and reports it to a busy agent a moment later. */
const RECENT_MS = 3_000;

export interface GroupProbe {
  readonly companion: ListenerCompanion;
  /** Sets what keepalived runs, and where. */
  setWatched(watched: Watched): void;
  /** keepalived counts the end that it was told here as one that the owner announced: it was silent. */
  previousOwner(group: string, counted: PreviousOwner): PreviousOwner;
}

export interface GroupProbeOptions {
  readonly settings: Settings;
  readonly live: LiveSettings;
  readonly metadata: MetadataStore;
  readonly store: StatusStore;
  readonly record: (event: JournalEvent) => void;
  readonly log: Logger;
}

export function openGroupProbe(options: GroupProbeOptions): GroupProbe {
  const { settings, live, metadata, store, record } = options;
  const tookMs = new Map<string, number>();
  let watched: Watched | undefined;
  let candidates: readonly ProbedGroup[] = [];
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
    log: options.log,
  });
  const groupsToAskAbout = (status: Status) => {
    const names = namesToTakeOver(status);
    return candidates.filter(({ instance }) => names.has(instance.name));
  };
  const update = (status: Status) => {
    const probed = groupsToAskAbout(status);
    askedAbout = namesOf(probed);
    probe.setGroups(watched?.instances.map(({ name }) => name) ?? [], probed, links);
  };
  store.subscribe((status) => {
    // a status changes often, and the groups of it seldom
    if (namesOf(groupsToAskAbout(status)) !== askedAbout) update(status);
  });
  return {
    companion: probe.companion,
    setWatched: (next) => {
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
        return { instance, places: placesOf(instance, members) };
      });
      update(store.status);
    },
    previousOwner: (group, counted) => {
      const isTaken = performance.now() - (tookMs.get(group) ?? Number.NEGATIVE_INFINITY) < RECENT_MS;
      return isTaken && counted === "given-up" ? "silent" : counted;
    },
  };
}

function namesOf(groups: readonly ProbedGroup[]): string {
  return groups.map(({ instance }) => instance.name).join("\n");
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
