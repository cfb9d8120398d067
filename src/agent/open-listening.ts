/** Listening, wired: what is heard holds groups back, makes members of hosts, and keeps them members. */
import type { Logger } from "pino";
import type { Health } from "../health/io/health.ts";
import { createGroupListening, type GroupListening } from "../listening/io/group-listening.ts";
import type { MetadataClient } from "../metadata/io/client.ts";
import { createHostLookup } from "../metadata/io/host-lookup.ts";
import type { MetadataStore } from "../metadata/io/store.ts";
import type { Wire } from "../wire/io/wire.ts";
import { createSpeakers, type Speakers } from "./speakers.ts";

export interface ListeningPart {
  readonly listening: GroupListening;
  readonly speakers: Speakers;
  /** Has the store note which members are heard now. */
  noteHeard(): void;
}

export interface ListeningPartOptions {
  readonly metadata: MetadataStore;
  readonly client: MetadataClient | undefined;
  readonly wire: Pick<Wire, "subscribe">;
  readonly health: Pick<Health, "setHold">;
  readonly stateOf: (group: string) => string | undefined;
  /** The members have changed. */
  readonly onChange: () => void;
  readonly log: Logger;
}

export function openListening(options: ListeningPartOptions): ListeningPart {
  const { metadata, client, wire, health, stateOf, log } = options;
  const hosts = createHostLookup({
    get: client?.get,
    self: () => metadata.liveSnapshot?.self,
    version: () => metadata.liveSnapshot?.version,
    log,
  });
  const speakers = createSpeakers({ ...options, hosts });
  const listening = createGroupListening({
    listen: (link, guarded) => wire.subscribe(link, () => undefined, guarded),
    hold: (group, reason) => health.setHold(group, reason, "listening"),
    isHost: hosts.isHost,
    onSpeaker: (address) => speakers.note(address, true),
    stateOf,
    log,
  });
  return {
    listening,
    speakers,
    noteHeard: () => {
      const owners = listening.ownersHeard;
      const nowMs = performance.now();
      if (owners === undefined) metadata.hearAll(nowMs);
      else for (const address of owners) metadata.hear(address, nowMs);
    },
  };
}
