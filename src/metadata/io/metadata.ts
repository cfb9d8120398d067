/**
 * Metadata as one part of the agent: read whenever it changes.
 *
 * Until it answers, the view that an earlier run saved is used. So a restart during a metadata outage keeps the VIPs.
 */
import type { MetadataClient } from "./client.ts";
import { runMetadataPoll } from "./poll.ts";
import { createRefresh, type RefreshOptions } from "./refresh.ts";

/** The saved view is used once metadata has not answered for this long. */
const ANSWER_TIMEOUT_MS = 2_000;

export interface MetadataOptions extends Omit<RefreshOptions, "client"> {
  /** Undefined: there is no metadata. */
  readonly client: MetadataClient | undefined;
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
