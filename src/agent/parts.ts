/** The parts of the agent, wired: what each needs from the others is handed in here, as values and callbacks. */
import { watchTemplate } from "../conf/io/template.ts";
import { confPathsIn } from "../conf/paths.ts";
import { watchDrainOrders } from "../drain/io/drain.ts";
import { createGate } from "../gate/io/gate.ts";
import { type Health, openHealth } from "../health/io/health.ts";
import { journalEventOf } from "../journal/log-events.ts";
import { openKeepalived } from "../keepalived/io/keepalived.ts";
import { createUnknownSenders } from "../keepalived/unknown-senders.ts";
import { openMetadataClient } from "../metadata/io/client.ts";
import { runMetadata } from "../metadata/io/metadata.ts";
import { createMetadataStore } from "../metadata/io/store.ts";
import { metadataAddress } from "../metadata/service-address.ts";
import { withoutAddresses } from "../network/host-network.ts";
import { observeAddresses, readNetwork } from "../network/io/iproute.ts";
import { createNetworkCache } from "../network/io/network.ts";
import { ownAddresses } from "../network/shared-address.ts";
import { openPlannedChanges } from "../planned-change/io/planned-changes.ts";
import { runPreflight } from "../preflight/io/preflight.ts";
import { watchSettings } from "../settings/io/settings.ts";
import { openSentinel } from "../split-brain/io/sentinel.ts";
import { createStatusStore, type StatusStore } from "../status/io/store.ts";
import { createTrackFileAccess } from "../status/io/track-file-access.ts";
import { runVerification } from "../status/io/verify.ts";
import { deriveMetadataStatus } from "../status/metadata-status.ts";
import type { Status } from "../status/status.ts";
import { runStateDirCheck } from "../system/io/state-dir.ts";
import { createTrigger } from "../system/io/trigger.ts";
import type { WireFrame } from "../wire/frame.ts";
import { findHostsWithoutVrrp } from "../wire/io/vrrp-probe.ts";
import { shareVrrpQuestions } from "../wire/io/vrrp-questions.ts";
import { openWire } from "../wire/io/wire.ts";
import { createConfigurationReport } from "./configuration-report.ts";
import { watchNetwork } from "./network-changes.ts";
import { openAgentHttp } from "./open-http.ts";
import { openListening } from "./open-listening.ts";
import type { AgentOptions, AgentResources } from "./options.ts";
import { openOwnSending, openRefusedVips } from "./owner-parts.ts";
import { openGroupProbe } from "./owner-probe.ts";
import { runReconcileLoop } from "./reconcile-loop.ts";
import { createRemedies } from "./remedies.ts";
import { openVipLease } from "./vip-lease.ts";

/** Each part that is returned ends when the signal aborts; by then keepalived has released the VIPs. */
export async function startParts(
  options: AgentOptions,
  { claim, stateDir, journal, hooks }: AgentResources,
): Promise<readonly Promise<void>[]> {
  const { settings, log, signal, templatePath } = options;
  const { agent } = settings;
  const { record } = journal;
  const confPaths = confPathsIn(stateDir.path);
  const publish = (status: Status) => {
    claim.publish(status);
    journal.recordChanges(status);
    hooks.notifyChanges(status);
  };
  const store: StatusStore = createStatusStore({ ...options, stateDir: stateDir.path, publish });
  const trigger = createTrigger(signal);
  const verifyTrigger = createTrigger(signal);
  const unknownSenders = createUnknownSenders((address, isNew) => {
    speakers.note(address, false);
    if (isNew) trigger.fire();
  });
  claim.setGreeting(() => store.status);
  const http = openAgentHttp(options, { store, journal });
  const live = await watchSettings({
    settings,
    report: store.reportOf("secret"),
    onChange: trigger.fire,
    log,
    signal,
  });
  const metadata = await createMetadataStore(stateDir, agent.peerRemovalGraceSeconds * 1_000);
  const client =
    agent.metadataUrl === undefined
      ? undefined
      : openMetadataClient({ url: agent.metadataUrl, log: log.child({ component: "metadata" }), signal });
  const part = {
    ...options,
    stateDir,
    confPaths,
    live,
    metadata,
    client,
    store,
    trigger,
    unknownSenders,
    findHostsWithoutVrrp: shareVrrpQuestions(findHostsWithoutVrrp),
    record,
  };
  const network = createNetworkCache(() => readNetwork(metadataAddress(agent.metadataUrl)));
  const gate = createGate({
    report: store.reportOf("gate"),
    onStatus: (status) => store.update({ gate: status }),
    onHold: (reason) => health.setHoldOnAll(reason, "gate"),
    log: log.child({ component: "gate" }),
  });
  const lease = openVipLease({ ...part, onDoubt: verifyTrigger.fire });
  const keepalived = await openKeepalived({
    ...part,
    onInstances: lease.setInstances,
    onHeldVips: gate.setVips,
    beforeStart: gate.open,
    startedAt: store.status.agent.startedAt,
    report: store.reportOf("keepalived"),
    onStatus: store.update,
    onStates: verifyTrigger.fire,
    onLine: (line) => {
      unknownSenders.observe(line, performance.now());
      sending.observe(line);
      lease.record(journalEventOf(line, metadata.hostNameOf));
    },
    onPreviousOwner: (group, counted) => recordSuccession(group, ownerProbe.previousOwner(group, counted)),
    onEnd: (reason) => record({ kind: "keepalived-ended", reason }),
  });
  const { vrrpStates, heldVips, applier } = keepalived;
  const vrrpLog = log.child({ component: "vrrp" });
  const ownerProbe = openGroupProbe({ ...part, hearings: () => sentinel.hearings(), log: vrrpLog });
  const sentinel = openSentinel({
    ...part,
    openWire: (takeFrame) => {
      const onFrame = (frame: WireFrame) => {
        for (const part of [listening, plannedChanges, sending]) part.noteFrame(frame);
        takeFrame(frame);
      };
      const companions = [lease.companion, ownerProbe.companion];
      return openWire({ onFrame, onState: trigger.fire, companions, log: vrrpLog, signal });
    },
    dump: keepalived.dump,
    onAdvice: trigger.fire,
    readVips: async () => (await observeAddresses(heldVips.addresses)).held,
    hostNameOf: metadata.hostNameOf,
    onSuspicions: (splitBrain) => store.update({ splitBrain }),
    onOwners: () => store.update({}),
    onTakeover: ({ address, ...how }) =>
      record({ kind: "taken-over", by: metadata.hostNameOf(address) ?? address, ...how }),
    log: vrrpLog,
  });
  store.setHearings(sentinel.hearings, sentinel.wire.listensOn);
  store.subscribe(({ instances }) => sentinel.setStates(instances));
  const plannedChanges = await openPlannedChanges({
    stateDir,
    listen: sentinel.wire.subscribe,
    stateOf: vrrpStates.stateOf,
    onTurn: trigger.fire,
    onChange: (group, how) => record({ kind: "change", group, ...how }),
    log,
  });
  const setHold: Health["setHold"] = (...hold) => health.setHold(...hold);
  const takenAddresses = () => listening.takenAddresses();
  const ownerParts = { settings, keepalived, network, store, setHold, takenAddresses, log, signal };
  const sending = openOwnSending(ownerParts);
  const health = openHealth({
    ...part,
    ...confPaths,
    subscribeRules: sending.shareRules(gate.subscribeRules),
    report: store.reportOf("health"),
    onStatus: (status) => store.update({ health: status }),
    onPause: (durationMs) => record({ kind: "agent-frozen", durationMs }),
    onUnenforced: keepalived.pauseFor,
    onProbe: http.observeProbe,
  });
  const refusedVips = openRefusedVips(ownerParts);
  const { listening, speakers, pace, noteHeard, recordSuccession } = openListening({
    ...part,
    wire: sentinel.wire,
    hearings: sentinel.hearings,
    health,
    keepalived,
    onChange: trigger.fire,
    log: vrrpLog,
  });
  await watchDrainOrders({
    stateDir: stateDir.path,
    onOrders: (drain) => {
      health.setDrainOrders(drain);
      store.update({ drain });
    },
    log,
    signal,
  });
  watchNetwork({
    ...part,
    network,
    keepalived,
    health,
    onLapse: lease.noteLapse,
    onVips: verifyTrigger.fire,
    onChange: () => {
      refusedVips.retry();
      verifyTrigger.fire();
      trigger.fire();
    },
  });
  const onTemplateError = (err: unknown) => log.warn({ err }, "cannot watch the template");
  await watchTemplate(templatePath, { onChange: trigger.fire, onError: onTemplateError, signal });
  const keepalivedEnd = keepalived.run(({ instance, state }) => {
    if (state === "FAULT") health.restoreTrackFile(instance);
    if (state === "MASTER") lease.refresh();
    if (plannedChanges.isUnderWay || (state === "MASTER" && pace.forget(instance))) trigger.fire();
  });
  return [
    runReconcileLoop({
      ...part,
      report: createConfigurationReport(store, log, metadata.hostNameOf),
      network,
      heldVips,
      applier,
      plannedChanges,
      sentinel,
      ownerProbe,
      sending,
      listening,
      pace,
      health,
      vrrpStates,
    }),
    runVerification({
      store,
      trigger: verifyTrigger,
      dump: keepalived.dump,
      trackFileAccess: createTrackFileAccess(confPaths.trackDir),
      readVips: () => lease.observeVips(heldVips.addresses),
      applyRemedy: createRemedies({ keepalived, refusedVips }),
      repair: refusedVips.repair,
      log,
      signal,
    }),
    runMetadata({
      ...part,
      report: store.reportOf("metadata"),
      readAddresses: async () => ownAddresses(withoutAddresses(await network.read(), heldVips.addresses)),
      noteHeard,
      onView: (view, readAt) => store.update(deriveMetadataStatus(view, readAt, agent.httpListen?.port)),
      onChange: () => {
        trigger.fire();
        if (metadata.view?.origin === "live") health.probeNow(["service"]);
      },
      onDifference: (changes) => record({ kind: "metadata", changes }),
    }),
    ownerProbe.closeAfter(keepalivedEnd),
    keepalivedEnd,
    gate.closeAfter(keepalivedEnd),
    sending.closeAfter(keepalivedEnd),
    runPreflight({ ...part, vips: () => heldVips.addresses, report: store.reportOf("host") }),
    runStateDirCheck(stateDir, signal),
  ];
}
