/** What the agent knows of the world, from the start on: metadata as it comes, what was remembered until it does. */
import type { Logger } from "pino";
import type { HealthOfGroups } from "../../health/io/health.ts";
import type { JournalEvent } from "../../journal/event.ts";
import type { HeldVips } from "../../keepalived/io/held-vips.ts";
import type { NetworkView } from "../../network/io/network.ts";
import type { Settings } from "../../settings/settings.ts";
import type { StatusStore } from "../../status/io/store.ts";
import { viewStatus } from "../../status/metadata-status.ts";
import type { Trigger } from "../../system/io/trigger.ts";
import type { MetadataClient } from "./client.ts";
import { followMetadata } from "./poll.ts";
import { createReader } from "./refresh.ts";
import type { Knowledge } from "./store.ts";

/** How long a starting agent waits for a metadata service that hangs before it goes on with what it remembers, ms. */
const PATIENCE_MS = 2_000;

export interface WorldOptions {
  readonly settings: Settings;
  readonly hostName: string;
  /** Undefined: there is no metadata. */
  readonly client: MetadataClient | undefined;
  readonly network: NetworkView;
  readonly knowledge: Knowledge;
  readonly heldVips: HeldVips;
  readonly board: StatusStore;
  readonly trigger: Trigger;
  readonly health: HealthOfGroups;
  readonly record: (event: JournalEvent) => void;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Runs until the signal aborts, at once over where there is no metadata. */
export async function followWorld(options: WorldOptions): Promise<void> {
  const { client, knowledge, board, trigger, health, record, log, signal } = options;
  if (client === undefined) {
    board.update(viewStatus(knowledge.standAlone(options.hostName), undefined));
    return trigger.fire();
  }
  const read = await createReader({
    ...options,
    client,
    onChange: () => {
      trigger.fire();
      health.lookNow(["service"]);
    },
    onDifference: (changes) => record({ kind: "metadata", changes }),
  });
  const recall = () => {
    const recalled = knowledge.recall();
    if (recalled !== undefined) {
      log.warn("metadata of an earlier run is used until it answers");
      board.update(viewStatus(recalled, undefined));
    }
    if (knowledge.view?.origin !== "live") trigger.fire();
  };
  const onFailure = (error: unknown) => {
    board.raise("metadata", error);
    recall();
  };
  setTimeout(recall, PATIENCE_MS).unref();
  await followMetadata({ client, read, onFailure, log, signal });
}
