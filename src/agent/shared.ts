/** What all parts of the agent share: the status, the settings as they are now, metadata and the network. */
import { type ConfPaths, confPathsIn } from "../conf/paths.ts";
import type { Journal } from "../journal/io/journal.ts";
import { type MetadataClient, openMetadataClient } from "../metadata/io/client.ts";
import { createMetadataStore, type MetadataStore } from "../metadata/io/store.ts";
import { metadataAddress } from "../metadata/service-address.ts";
import { readNetwork } from "../network/io/iproute.ts";
import { createNetworkMonitor, type NetworkMonitor } from "../network/io/monitor.ts";
import { createNetworkCache, type NetworkCache } from "../network/io/network.ts";
import { type LiveSettings, watchSettings } from "../settings/io/settings.ts";
import { createStatusStore, type StatusStore } from "../status/io/store.ts";
import type { Status } from "../status/status.ts";
import type { StateDir } from "../system/io/state-dir.ts";
import { createTrigger, type Trigger } from "../system/io/trigger.ts";
import { findHostsWithoutVrrp } from "../wire/io/vrrp-probe.ts";
import { shareVrrpQuestions } from "../wire/io/vrrp-questions.ts";
import type { AgentOptions, AgentResources } from "./options.ts";

export interface Shared extends AgentOptions {
  readonly stateDir: StateDir;
  readonly confPaths: ConfPaths;
  readonly store: StatusStore;
  /** Has the agent reconcile. */
  readonly trigger: Trigger;
  /** Has the agent compare its status with the kernel. */
  readonly verifyTrigger: Trigger;
  readonly live: LiveSettings;
  readonly metadata: MetadataStore;
  /** Undefined: there is no metadata. */
  readonly client: MetadataClient | undefined;
  readonly network: NetworkCache;
  readonly networkMonitor: NetworkMonitor;
  readonly findHostsWithoutVrrp: typeof findHostsWithoutVrrp;
  readonly record: Journal["record"];
}

/** Each new status is published to the commands, the journal and the hooks. */
export async function openShared(
  options: AgentOptions,
  { claim, stateDir, journal, hooks }: AgentResources,
): Promise<Shared> {
  const { settings, log, signal } = options;
  const { metadataUrl, peerRemovalGraceSeconds } = settings.agent;
  const publish = (status: Status) => {
    claim.publish(status);
    journal.recordChanges(status);
    hooks.notifyChanges(status);
  };
  const store = createStatusStore({ ...options, stateDir: stateDir.path, publish });
  claim.setGreeting(() => store.status);
  const trigger = createTrigger(signal);
  const live = await watchSettings({
    settings,
    report: store.reportOf("secret"),
    onChange: trigger.fire,
    log,
    signal,
  });
  const openClient = (url: string) =>
    openMetadataClient({ url, log: log.child({ component: "metadata" }), signal });
  return {
    ...options,
    stateDir,
    confPaths: confPathsIn(stateDir.path),
    store,
    trigger,
    verifyTrigger: createTrigger(signal),
    live,
    metadata: await createMetadataStore(stateDir, peerRemovalGraceSeconds * 1_000),
    client: metadataUrl === undefined ? undefined : openClient(metadataUrl),
    network: createNetworkCache(() => readNetwork(metadataAddress(metadataUrl))),
    networkMonitor: createNetworkMonitor(),
    findHostsWithoutVrrp: shareVrrpQuestions(findHostsWithoutVrrp),
    record: journal.record,
  };
}
