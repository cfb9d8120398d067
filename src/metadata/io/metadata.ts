/**
 * Metadata as one part of the agent. It is read as it changes; until it answers, what an earlier run knew is used, so that
 * a restart during an outage of metadata keeps the VIPs.
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

/** A metadata service that does not answer is waited for this long before the remembered view is used. */
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
  /** The view is another one. `readAt` is ISO 8601, undefined for one that was not read in this run. */
  readonly onView: (view: MetadataView, readAt: string | undefined) => void;
  /** The Desired state may change, also because it is known now that metadata does not answer. */
  readonly onChange: () => void;
  /** What differs from the reading before. */
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
  const read = await createRefresh({ ...options, client });
  const recall = () => {
    const recalled = metadata.useLastGood();
    if (recalled !== undefined) {
      log.warn("metadata of an earlier run is used until it answers");
      onView(recalled, undefined);
    }
    if (metadata.view?.origin !== "live") onChange();
  };
  const onFailure = (error: unknown) => {
    report.problem(error);
    recall();
  };
  setTimeout(recall, ANSWER_TIMEOUT_MS).unref();
  await runMetadataPoll({ client, refresh: read, onFailure, log, signal });
}
