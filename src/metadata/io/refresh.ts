/** One reading of metadata: who and where this host is, taken into the agent's knowledge and shown on the board. */
import type { Logger } from "pino";
import type { HeldVips } from "../../keepalived/io/held-vips.ts";
import { allAddresses, withoutAddresses } from "../../network/host-network.ts";
import type { NetworkView } from "../../network/io/network.ts";
import type { Settings } from "../../settings/settings.ts";
import type { StatusStore } from "../../status/io/store.ts";
import { viewStatus } from "../../status/metadata-status.ts";
import { readDockerId } from "../../system/io/proc.ts";
import { type MetadataChange, metadataDifference } from "../changes.ts";
import type { MetadataClient } from "./client.ts";
import type { ReadResult } from "./poll.ts";
import { readSnapshot } from "./read-snapshot.ts";
import type { Knowledge } from "./store.ts";

export interface ReaderOptions {
  readonly settings: Settings;
  readonly hostName: string;
  readonly client: MetadataClient;
  readonly network: NetworkView;
  readonly knowledge: Knowledge;
  readonly heldVips: HeldVips;
  readonly board: StatusStore;
  readonly onChange: () => void;
  readonly onDifference: (changes: readonly MetadataChange[]) => void;
  readonly log: Logger;
}

/** Gives the function that reads the document of a version. */
export async function createReader(
  options: ReaderOptions,
): Promise<(version: string) => Promise<ReadResult>> {
  const { settings, client, knowledge, heldVips, board, log } = options;
  const { stackName, serviceName, hostUuid } = settings.agent;
  const dockerId = await readDockerId();

  const local = async () => {
    const network = withoutAddresses(await options.network.read(), heldVips.addresses);
    const { knownHostUuid } = knowledge;
    return { hostName: options.hostName, addresses: allAddresses(network), hostUuid, knownHostUuid };
  };

  return async (version) => {
    const before = knowledge.verified;
    const reading = await readSnapshot(client.get, {
      version,
      local,
      service: { stackName, serviceName, dockerId, remembered: before?.service },
      verifiedHostUuid: before?.self.uuid,
    });
    const { selfBy, wrongSelf, ...snapshot } = reading;
    const readAgainAtMs = knowledge.learn(snapshot, performance.now());
    const { self, service } = snapshot;
    const changes = before === undefined ? [] : metadataDifference(before, snapshot);
    if (changes.length > 0) options.onDifference(changes);
    if (before?.self.uuid !== self.uuid) {
      log.info(
        { host: self.name, uuid: self.uuid, by: selfBy, service: service.name },
        "own host found in metadata",
      );
      if (wrongSelf)
        log.warn({ host: wrongSelf.name, uuid: wrongSelf.uuid }, "metadata took this host for another");
    }
    board.clear("metadata");
    if (knowledge.view) board.update(viewStatus(knowledge.view, new Date().toISOString()));
    options.onChange();
    // a full disk must not keep a change from keepalived
    await knowledge.remember().catch((err: unknown) => log.warn({ err }, "metadata was not remembered"));
    return { version: snapshot.version, readAgainAtMs };
  };
}
