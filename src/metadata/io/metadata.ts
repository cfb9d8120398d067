/**
 * Metadata as one part of the agent: read whenever it changes.
 *
 * Until it answers, the view that an earlier run saved is used. So a restart during a metadata outage keeps the VIPs.
 */
import type { Logger } from "pino";
import type { Settings } from "../../settings/settings.ts";
import type { Report } from "../../system/report.ts";
import type { MetadataChange } from "../changes.ts";
import type { MetadataView } from "../view.ts";
import type { MetadataClient } from "./client.ts";
import { runMetadataPoll } from "./poll.ts";
import { createRefresh } from "./refresh.ts";
import type { MetadataStore } from "./store.ts";

/** The saved view is used once metadata has not answered for this long. */
const ANSWER_TIMEOUT_MS = 2_000;

export interface MetadataOptions {
  readonly settings: Settings;
  readonly hostName: string;
  /** Undefined: there is no metadata. */
  readonly client: MetadataClient | undefined;
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
  readonly signal: AbortSignal;
}

/** Runs until the signal aborts; ends at once where there is no metadata. */
export async function runMetadata(options: MetadataOptions): Promise<void> {
  const { client, metadata, report, onView, onChange, log, signal } = options;
  if (client === undefined) {
    onView(metadata.useStandalone(options.hostName), undefined);
    return onChange();
  }
  const refresh = await createRefresh({ ...options, client });
  const fallBack = () => {
    const lastGood = metadata.useLastGood();
    if (lastGood !== undefined) {
      log.warn("metadata does not answer yet: using what an earlier run saved");
      onView(lastGood, undefined);
    }
    if (metadata.view?.origin !== "live") onChange();
  };
  const onFailure = (error: unknown) => {
    report.problem(error);
    fallBack();
  };
  setTimeout(fallBack, ANSWER_TIMEOUT_MS).unref();
  await runMetadataPoll({ client, refresh, onFailure, log, signal });
}
