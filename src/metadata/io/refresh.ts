/** One reading of metadata: who and where this host is, taken into what the agent knows. */
import type { Logger } from "pino";
import type { Settings } from "../../settings/settings.ts";
import { readDockerId } from "../../system/io/proc.ts";
import type { Report } from "../../system/report.ts";
import { type MetadataChange, metadataDifference } from "../changes.ts";
import type { View } from "../view.ts";
import type { MetadataClient } from "./client.ts";
import type { ReadResult } from "./poll.ts";
import { readSnapshot } from "./read-snapshot.ts";
import type { Knowledge } from "./store.ts";

export interface ReaderOptions {
  readonly settings: Settings;
  readonly hostName: string;
  readonly client: MetadataClient;
  readonly readAddresses: () => Promise<readonly string[]>;
  readonly knowledge: Knowledge;
  readonly report: Report;
  readonly onView: (view: View, readAt: string | undefined) => void;
  readonly onChange: () => void;
  readonly onDifference: (changes: readonly MetadataChange[]) => void;
  readonly log: Logger;
}

/** Gives the function that reads the document of a version. */
export async function createReader(
  options: ReaderOptions,
): Promise<(version: string) => Promise<ReadResult>> {
  const { settings, client, knowledge, report, log } = options;
  const { stackName, serviceName, hostUuid } = settings.agent;
  const dockerId = await readDockerId();

  const local = async () => {
    const addresses = await options.readAddresses();
    return { hostName: options.hostName, addresses, hostUuid, knownHostUuid: knowledge.knownHostUuid };
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
    report.ok();
    if (knowledge.view) options.onView(knowledge.view, new Date().toISOString());
    options.onChange();
    // a full disk must not keep a change from keepalived
    await knowledge.remember().catch((err: unknown) => log.warn({ err }, "metadata was not remembered"));
    return { version: snapshot.version, readAgainAtMs };
  };
}
