/** Listening, wired: what is heard holds groups back, and makes hosts members or keeps them members. */
import type { Logger } from "pino";
import type { Health } from "../health/io/health.ts";
import type { Journal } from "../journal/io/journal.ts";
import type { Applier } from "../keepalived/io/apply.ts";
import type { Keepalived } from "../keepalived/io/keepalived.ts";
import type { VrrpStates } from "../keepalived/io/vrrp-states.ts";
import type { PreviousOwner } from "../keepalived/previous-owner.ts";
import { createDeafnessFinder } from "../listening/io/find-deafness.ts";
import {
  createGroupListening,
  type GroupListening,
  type GroupListeningOptions,
} from "../listening/io/group-listening.ts";
import { createSilentOwners, type SilentOwners } from "../listening/io/silent-owners.ts";
import { createOwnerPace, type OwnerPace } from "../listening/owner-pace.ts";
import type { MetadataClient } from "../metadata/io/client.ts";
import { createHostLookup } from "../metadata/io/host-lookup.ts";
import type { MetadataStore } from "../metadata/io/store.ts";
import { readGateways } from "../network/io/read-gateways.ts";
import type { Sentinel } from "../split-brain/io/sentinel.ts";
import type { StatusStore } from "../status/io/store.ts";
import type { InForceSubscriber } from "../vrrp/in-force.ts";
import type { Wire } from "../wire/io/wire.ts";
import { ownLinks } from "./begin-groups.ts";
import { createHeardMembers, type HeardMembers } from "./heard-members.ts";
import { createSuccessionRecord } from "./succession-record.ts";

/** Hears every frame, and knows which of them are of this host. */
export interface FullListening
  extends Omit<GroupListening, "setInForce">,
    InForceSubscriber<"instances" | "network"> {}

export interface ListeningPart {
  readonly listening: FullListening;
  readonly pace: OwnerPace;
  readonly heardMembers: HeardMembers;
  /** Has the store note which members are heard now. */
  noteHeard(): void;
  /**
   * Records who owned a group before this host and how that ended, after a check whether this host could hear that
   * owner. `counted` is what keepalived's counters say.
   */
  recordSuccession(group: string, counted: PreviousOwner): void;
}

export interface ListeningPartOptions {
  readonly metadata: MetadataStore;
  readonly client: MetadataClient | undefined;
  readonly wire: Pick<Wire, "subscribe" | "send">;
  readonly findHostsWithoutVrrp: GroupListeningOptions["findHostsWithoutVrrp"];
  readonly health: Pick<Health, "setHold">;
  readonly keepalived: Pick<Keepalived, "reread"> & {
    readonly vrrpStates: Pick<VrrpStates, "stateOf">;
    readonly applier: Pick<Applier, "inForce">;
  };
  readonly store: Pick<StatusStore, "reportOf">;
  /** The members have changed, or the pace of an owner. */
  readonly onChange: () => void;
  readonly record: Journal["record"];
  readonly hearings: Sentinel["hearings"];
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export function openListening(options: ListeningPartOptions): ListeningPart {
  const { metadata, client, wire, health, keepalived, store, log } = options;
  const { stateOf } = keepalived.vrrpStates;
  const listen: GroupListeningOptions["listen"] = (link, guarded) =>
    wire.subscribe(link, () => undefined, guarded);
  const hosts = createHostLookup({
    get: client?.get,
    self: () => metadata.liveSnapshot?.self,
    version: () => metadata.liveSnapshot?.version,
    log,
  });
  const heardMembers = createHeardMembers({ ...options, hosts });
  const pace = createOwnerPace();
  const listening = createGroupListening({
    listen,
    send: wire.send,
    readGateways,
    findHostsWithoutVrrp: options.findHostsWithoutVrrp,
    ownAddresses: () => hosts.ownAddresses,
    hostAddresses: () => hosts.addresses,
    hold: (group, reason) => health.setHold(group, reason, "listening"),
    isHost: hosts.isHost,
    hostNameOf: metadata.hostNameOf,
    onHeard: (address) => heardMembers.note(address, true),
    pace,
    onPace: options.onChange,
    stateOf,
    log,
  });
  const silentOwners = createSilentOwners({
    listen,
    stateOf,
    reread: keepalived.reread,
    report: store.reportOf("listening"),
    log,
  });
  return {
    listening: withSilentOwners(listening, silentOwners),
    heardMembers,
    pace,
    noteHeard: () => {
      const owners = listening.ownersHeard;
      const nowMs = performance.now();
      if (owners === undefined) metadata.hearAll(nowMs);
      else for (const address of owners) metadata.hear(address, nowMs);
    },
    recordSuccession: createSuccessionRecord({
      lastAdverts: listening.lastAdverts,
      findInstance: (name) => keepalived.applier.inForce.find((instance) => instance.name === name),
      findDeafness: createDeafnessFinder(metadata.hostNameOf, options.signal),
      ownerBefore: (group) => options.hearings().get(group)?.before,
      hostNameOf: metadata.hostNameOf,
      record: options.record,
    }),
  };
}

/** Both hear every frame and learn what keepalived runs. */
function withSilentOwners(listening: GroupListening, silentOwners: SilentOwners): FullListening {
  return {
    begin: listening.begin,
    setInForce: ({ instances, network }) => {
      const own = ownLinks(network);
      listening.setInForce(instances, own);
      silentOwners.setInForce(instances, own);
    },
    noteFrame: (frame) => {
      listening.noteFrame(frame);
      silentOwners.noteFrame(frame);
    },
    advice: listening.advice,
    takenAddresses: listening.takenAddresses,
    lastAdverts: listening.lastAdverts,
    get ownersHeard() {
      return listening.ownersHeard;
    },
    get recheckMs() {
      return listening.recheckMs;
    },
  };
}
