/** The parts of the agent, wired: what each needs from the others is handed in here, as values and callbacks. */
import path from "node:path";
import { type Health, openHealth } from "../health/io/health.ts";
import { openHttp } from "../http/io/http.ts";
import { createDroppedPeers } from "../keepalived/dropped-peers.ts";
import { createUnknownSenders } from "../keepalived/unknown-senders.ts";
import { runMetadata } from "../metadata/io/metadata.ts";
import { withoutAddresses } from "../network/host-network.ts";
import { ownAddresses } from "../network/shared-address.ts";
import { runPreflight } from "../preflight/io/preflight.ts";
import { createTrackFileAccess } from "../status/io/track-file-access.ts";
import { runVerification } from "../status/io/verify.ts";
import { deriveMetadataStatus } from "../status/metadata-status.ts";
import { runStateDirCheck } from "../system/io/state-dir.ts";
import { createConfigurationReport } from "./configuration-report.ts";
import { openGatedKeepalived } from "./gated-keepalived.ts";
import { openListening } from "./open-listening.ts";
import type { AgentOptions, AgentResources } from "./options.ts";
import { createRemedies, openOwnSending, openRefusedVips } from "./owner-parts.ts";
import { runReconcileLoop } from "./reconcile-loop.ts";
import { openShared } from "./shared.ts";
import { watchInputs } from "./watched-inputs.ts";
import { openWireParts } from "./wire-parts.ts";

/**
 * Each part that is added ends when the signal aborts; by then keepalived has released the VIPs. What must be ended in order is
 * added as soon as it is open: the start may fail after it.
 *
 * A callback may use a part that is created below it. This is safe: nothing calls back before the reconcile loop starts
 * keepalived and tells the listener on the wire what to capture.
 */
export async function startParts(
  options: AgentOptions,
  resources: AgentResources,
  add: (end: Promise<void>) => void,
): Promise<void> {
  const shared = await openShared(options, resources);
  const { settings, log, signal, stateDir, confPaths, store, trigger, verifyTrigger, metadata, network } =
    shared;
  const { record } = shared;
  const vrrpLog = log.child({ component: "vrrp" });
  const http = openHttp({
    ...shared,
    endpoint: settings.agent.httpListen,
    allowedHosts: settings.agent.httpAllowHosts ?? [],
    pageFolder: path.join(path.dirname(options.shippedTemplate), "page"),
    report: store.reportOf("http"),
    journal: resources.journal,
    log: log.child({ component: "http" }),
  });
  const unknownSenders = createUnknownSenders((address, isNew) => {
    heardMembers.note(address, false);
    if (isNew) trigger.fire();
  });
  const droppedPeers = createDroppedPeers();
  const { keepalived, gate, lease } = await openGatedKeepalived({
    ...shared,
    onGateHold: (reason) => health.setHoldOnAll(reason, "gate"),
    onLine: (line) => {
      unknownSenders.observe(line, performance.now());
      sending.observe(line);
      const reason = droppedPeers.observe(line, applier.inForce, performance.now());
      if (reason !== undefined) void keepalived.reread(reason);
    },
    onPreviousOwner: (group, counted) => recordSuccession(group, ownerProbe.previousOwner(group, counted)),
    add,
  });
  const { vrrpStates, heldVips, applier } = keepalived;
  const { sentinel, ownerProbe, plannedChanges } = await openWireParts({
    ...shared,
    keepalived,
    lease,
    onFrame: (frame) => {
      for (const part of [listening, sending]) part.noteFrame(frame);
    },
  });
  add(ownerProbe.closeAfter(keepalived.ended));
  const setHold: Health["setHold"] = (...hold) => health.setHold(...hold);
  const takenAddresses = () => listening.takenAddresses();
  const ownerParts = { settings, keepalived, network, store, setHold, takenAddresses, log, signal };
  const sending = openOwnSending(ownerParts);
  add(sending.closeAfter(keepalived.ended));
  const health = openHealth({
    ...shared,
    ...confPaths,
    subscribeRules: sending.shareRules(gate.subscribeRules),
    report: store.reportOf("health"),
    onStatus: (status) => store.update({ health: status }),
    onPause: (durationMs) => record({ kind: "agent-frozen", durationMs }),
    onUnenforced: keepalived.pauseFor,
    onProbe: http.observeProbe,
  });
  const refusedVips = openRefusedVips(ownerParts);
  const { listening, heardMembers, pace, noteHeard, recordSuccession } = openListening({
    ...shared,
    wire: sentinel.wire,
    hearings: sentinel.hearings,
    health,
    keepalived,
    onChange: trigger.fire,
    log: vrrpLog,
  });
  await watchInputs({ ...shared, keepalived, lease, health, refusedVips });
  const keepalivedRun = keepalived.run(({ instance, state }) => {
    if (state === "FAULT") health.restoreTrackFile(instance);
    if (state === "MASTER") lease.refresh();
    if (plannedChanges.isUnderWay || (state === "MASTER" && pace.forget(instance))) trigger.fire();
  });
  const parts = [
    keepalivedRun,
    runReconcileLoop({
      ...shared,
      unknownSenders,
      report: createConfigurationReport(store, log, settings.notes, metadata.hostNameOf),
      heldVips,
      applier,
      plannedChanges,
      sentinel,
      listening,
      pace,
      health,
      toldAtOnce: [vrrpStates, listening],
      toldAfterStep: [sending, sentinel, ownerProbe, health, refusedVips],
    }),
    runVerification({
      store,
      trigger: verifyTrigger,
      dump: keepalived.dump,
      trackFileAccess: createTrackFileAccess(confPaths.trackDir),
      readVips: (isUrgent) => lease.observeVips(heldVips.addresses, isUrgent),
      applyRemedy: createRemedies(keepalived, refusedVips),
      repair: refusedVips.repair,
      log,
      signal,
    }),
    runMetadata({
      ...shared,
      report: store.reportOf("metadata"),
      readAddresses: async () => ownAddresses(withoutAddresses(await network.read(), heldVips.addresses)),
      noteHeard,
      onView: (view, readAt) =>
        store.update(deriveMetadataStatus(view, readAt, settings.agent.httpListen?.port)),
      onChange: () => {
        trigger.fire();
        if (metadata.view?.origin === "live") health.probeNow(["service"]);
      },
      onDifference: (changes) => record({ kind: "metadata", changes }),
    }),
    runPreflight({ ...shared, vips: () => heldVips.addresses, report: store.reportOf("host") }),
    runStateDirCheck(stateDir, signal),
  ];
  for (const part of parts) add(part);
}
