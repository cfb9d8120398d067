/**
 * Metadata as one part of the agent. It is read as it changes; until it answers, what an earlier run knew is used, so that
 * a restart during an outage of metadata keeps the VIPs.
 */
import type { Logger } from "pino";
import type { Settings } from "../../settings/settings.ts";
import type { Report } from "../../system/report.ts";
import type { MetadataChange } from "../changes.ts";
import type { View } from "../view.ts";
import type { MetadataClient } from "./client.ts";
import { followMetadata } from "./poll.ts";
import { createReader } from "./refresh.ts";
import type { Knowledge } from "./store.ts";

/** A metadata service that does not answer is waited for this long before the remembered view is used. */
const ANSWER_TIMEOUT_MS = 2_000;

export interface MetadataOptions {
  readonly settings: Settings;
  readonly hostName: string;
  /** Undefined: there is no metadata. */
  readonly client: MetadataClient | undefined;
  /** The addresses of this host, without its VIPs. */
  readonly readAddresses: () => Promise<readonly string[]>;
  readonly knowledge: Knowledge;
  readonly report: Report;
  /** The view is another one. `readAt` is ISO 8601, undefined for one that was not read in this run. */
  readonly onView: (view: View, readAt: string | undefined) => void;
  /** The Desired state may change, also because it is known now that metadata does not answer. */
  readonly onChange: () => void;
  /** What differs from the reading before. */
  readonly onDifference: (changes: readonly MetadataChange[]) => void;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Runs until the signal aborts; ends at once where there is no metadata. */
export async function runMetadata(options: MetadataOptions): Promise<void> {
  const { client, knowledge, report, onView, onChange, log, signal } = options;
  if (client === undefined) {
    onView(knowledge.standAlone(options.hostName), undefined);
    return onChange();
  }
  const read = await createReader({ ...options, client });
  const recall = () => {
    const recalled = knowledge.recall();
    if (recalled !== undefined) {
      log.warn("metadata of an earlier run is used until it answers");
      onView(recalled, undefined);
    }
    if (knowledge.view?.origin !== "live") onChange();
  };
  const onFailure = (error: unknown) => {
    report.problem(error);
    recall();
  };
  setTimeout(recall, ANSWER_TIMEOUT_MS).unref();
  await followMetadata({ client, read, onFailure, log, signal });
}
