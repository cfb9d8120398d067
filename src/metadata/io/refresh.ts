/** One refresh: metadata is read once, and the reading is added to the store and saved. */
import type { Logger } from "pino";
import type { Settings } from "../../settings/settings.ts";
import { readDockerId } from "../../system/io/proc.ts";
import type { Report } from "../../system/report.ts";
import { compareSnapshots, type MetadataChange } from "../changes.ts";
import { listsOwnContainer } from "../members.ts";
import type { MetadataView } from "../view.ts";
import { createAskMissing } from "./ask-missing.ts";
import type { MetadataClient } from "./client.ts";
import type { RefreshResult } from "./poll.ts";
import { readSnapshot } from "./read-snapshot.ts";
import type { MetadataStore } from "./store.ts";

export interface RefreshOptions {
  readonly settings: Settings;
  readonly hostName: string;
  readonly client: MetadataClient;
  /** The addresses of this host, without its VIPs. */
  readonly readAddresses: () => Promise<readonly string[]>;
  readonly metadata: MetadataStore;
  readonly report: Report;
  /** Has the store note which members are heard. Called before each reading is added. */
  readonly noteHeard: () => void;
  /** The addresses whose hosts run no VRRP. Never rejects. */
  readonly findHostsWithoutVrrp: (addresses: readonly string[]) => Promise<ReadonlySet<string>>;
  /** The view has changed. `readAt` is ISO 8601, undefined for one that was not read in this run. */
  readonly onView: (view: MetadataView, readAt: string | undefined) => void;
  /** The desired state may change. Called also when metadata does not answer, so that the agent goes on without it. */
  readonly onChange: () => void;
  /** What differs from the previous reading. */
  readonly onDifference: (changes: readonly MetadataChange[]) => void;
  readonly log: Logger;
}

/** @returns the function that reads the document of a version, or of a newer one. */
export async function createRefresh(
  options: RefreshOptions,
): Promise<(version: string) => Promise<RefreshResult>> {
  const { settings, client, metadata, report, log } = options;
  const { stackName, serviceName, hostUuid } = settings.agent;
  const dockerId = await readDockerId();
  let readAt: string | undefined;
  const onLeft = () => {
    if (metadata.view) options.onView(metadata.view, readAt);
    options.onChange();
  };
  const askMissing = createAskMissing({ ...options, onLeft });

  const readIdentity = async () => {
    const addresses = await options.readAddresses();
    return {
      hostName: options.hostName,
      addresses,
      hostUuid,
      rememberedHostUuid: metadata.liveSnapshot?.self.uuid ?? metadata.rememberedHostUuid,
    };
  };

  return async (version) => {
    const before = metadata.liveSnapshot;
    const reading = await readSnapshot(client.get, {
      version,
      readIdentity,
      service: { stackName, serviceName, dockerId, remembered: before?.service },
      verifiedHostUuid: before?.self.uuid,
      memberUuids: metadata.memberUuids,
    });
    const { foundBy, wrongSelfHost, ...snapshot } = reading;
    options.noteHeard();
    const readAgainAtMs = metadata.addReading(snapshot, performance.now());
    const { self, service } = snapshot;
    const changes = before === undefined ? [] : compareSnapshots(before, snapshot);
    if (changes.length > 0) options.onDifference(changes);
    if (before?.self.uuid !== self.uuid) {
      log.info(
        { host: self.name, uuid: self.uuid, by: foundBy, service: service.name },
        "own host found in metadata",
      );
      if (wrongSelfHost)
        log.warn(
          { host: wrongSelfHost.name, uuid: wrongSelfHost.uuid },
          "metadata names another host as this one",
        );
    }
    report.ok();
    readAt = new Date().toISOString();
    if (metadata.view) options.onView(metadata.view, readAt);
    options.onChange();
    if (listsOwnContainer(snapshot)) askMissing();
    // after onChange: a full disk must not delay keepalived
    await metadata.save().catch((err: unknown) => log.warn({ err }, "metadata was not saved"));
    return { version: snapshot.version, readAgainAtMs };
  };
}
