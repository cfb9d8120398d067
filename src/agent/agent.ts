/**
 * The agent. Each metadata version becomes a Snapshot; Settings and Snapshot become the Desired state; Desired state
 * and template become text; text that differs and that keepalived accepts replaces the file, and keepalived gets
 * SIGHUP. Whatever goes wrong on the way, what keepalived does now goes on.
 */
import path from "node:path";
import type { Logger } from "pino";
import { watchTemplate } from "../conf/io/template.ts";
import { surroundingsIn } from "../conf/paths.ts";
import { followDrains } from "../drain/io/drain.ts";
import { AgentError } from "../errors.ts";
import { startHealth } from "../health/io/health.ts";
import { type Hooks, openHooks } from "../hooks/io/hooks.ts";
import { claimHost, type HostClaim } from "../host-claim/io/claim.ts";
import { tellHolder } from "../host-claim/io/holder.ts";
import { serveHttp } from "../http/io/http.ts";
import { type Chronicle, openChronicle } from "../journal/io/journal.ts";
import { openKeepalived } from "../keepalived/io/keepalived.ts";
import { watchStrangers } from "../keepalived/unknown-senders.ts";
import { connectMetadata } from "../metadata/io/client.ts";
import { followWorld } from "../metadata/io/metadata.ts";
import { openKnowledge } from "../metadata/io/store.ts";
import { findAddresses, readNetwork } from "../network/io/iproute.ts";
import { openNetworkView } from "../network/io/network.ts";
import { openCutOvers } from "../planned-change/io/planned-changes.ts";
import { lookAtHost, refuseHopelessHost } from "../preflight/io/preflight.ts";
import { followSettings } from "../settings/io/settings.ts";
import type { Settings } from "../settings/settings.ts";
import { openSentinel } from "../split-brain/io/sentinel.ts";
import { createStatusStore, type StatusStore } from "../status/io/store.ts";
import { watchTruth } from "../status/io/verify.ts";
import type { Status } from "../status/status.ts";
import { openStateDir, type StateDir, watchStateDir } from "../system/io/state-dir.ts";
import { createTrigger } from "../system/io/trigger.ts";
import { openWireHub } from "../wire/io/wire.ts";
import { watchNetwork } from "./network-changes.ts";
import { reconcileForEver } from "./reconcile.ts";
import { createFirstTurns } from "./start-order.ts";

export interface AgentOptions {
  readonly settings: Settings;
  readonly version: string;
  readonly pid: number;
  readonly hostName: string;
  readonly templatePath: string;
  /** The template that ships with the agent; the page of its HTTP server lies beside it. */
  readonly shippedTemplate: string;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * Runs until the signal aborts; by its return keepalived has ended and released the VIPs.
 *
 * @throws {AgentError} CAPABILITY_MISSING, PROGRAM_MISSING before anything is touched; what a part fails with.
 */
export async function runAgent(options: AgentOptions): Promise<void> {
  const { log, signal } = options;
  refuseHopelessHost();
  const claim = await claimHost(() => tellHolder(log, signal), signal);
  try {
    while ((await runUntilLost(options, claim)) === "lost");
  } finally {
    claim.release();
  }
}

/** Whether STATE_DIR was removed under the parts: then they are to start anew, with another one. */
async function runUntilLost(options: AgentOptions, claim: HostClaim): Promise<"stopped" | "lost"> {
  const { settings, log, signal } = options;
  const stateDir = await openStateDir(settings.agent.stateDir);
  const chronicle = await openChronicle(stateDir.path, log);
  chronicle.record({ kind: "agent-started", version: options.version });
  const onStop = () => chronicle.record({ kind: "agent-stopping" });
  signal.addEventListener("abort", onStop, { once: true });
  const { notifyScript: script, notifyUrl: url } = settings.agent;
  const hooks = openHooks({ script, url, log: log.child({ component: "hooks" }) });
  try {
    await runParts(options, { claim, stateDir, chronicle, hooks });
    return "stopped";
  } catch (error) {
    if (!(error instanceof AgentError && error.code === "STATE_DIR_LOST") || signal.aborted) throw error;
    log.error({ code: error.code, reason: error.message, hint: error.hint }, "agent starts anew");
    return "lost";
  } finally {
    signal.removeEventListener("abort", onStop);
    await hooks.close();
    chronicle.record({ kind: "agent-stopped" });
    await chronicle.close();
  }
}

/** What is there before the parts, and after them. */
interface Ground {
  readonly claim: HostClaim;
  readonly stateDir: StateDir;
  readonly chronicle: Chronicle;
  readonly hooks: Hooks;
}

/** Whichever part fails, the others come to their end before the host network is given up. */
async function runParts(options: AgentOptions, ground: Ground): Promise<void> {
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const parts = await startParts({ ...options, signal }, ground);
  for (const part of parts) part.catch(() => failed.abort());
  const ends = await Promise.allSettled(parts);
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

/** Wires the parts. Each one given ends when the signal aborts; by then keepalived has released the VIPs. */
async function startParts(
  options: AgentOptions,
  { claim, stateDir, chronicle, hooks }: Ground,
): Promise<readonly Promise<void>[]> {
  const { settings, log, signal, templatePath } = options;
  const { agent } = settings;
  const { record } = chronicle;
  const around = surroundingsIn(stateDir.path);
  const publish = (status: Status) => {
    claim.publish(status);
    chronicle.see(status);
    hooks.see(status);
  };
  const board: StatusStore = createStatusStore({ ...options, stateDir: stateDir.path, publish });
  const trigger = createTrigger(signal);
  const verifyTrigger = createTrigger(signal);
  const strangers = watchStrangers((address, isNew) => {
    const member = knowledge.hear(address);
    if (member !== undefined)
      log.warn({ host: member.hostName, address }, "host that metadata misses is heard");
    if (member !== undefined || isNew) trigger.fire();
  });
  const http = serveHttp({
    endpoint: agent.httpListen,
    pageFile: path.join(path.dirname(options.shippedTemplate), "page.html"),
    hostName: options.hostName,
    board,
    chronicle,
    log: log.child({ component: "http" }),
    signal,
  });
  const live = await followSettings({ settings, board, onChange: trigger.fire, log, signal });
  const knowledge = await openKnowledge(stateDir, agent.peerRemovalGraceSeconds * 1_000);
  const client =
    agent.metadataUrl === undefined
      ? undefined
      : connectMetadata({ url: agent.metadataUrl, log: log.child({ component: "metadata" }), signal });
  const part = { ...options, stateDir, around, live, knowledge, client, board, trigger, strangers, record };
  const network = openNetworkView(readNetwork);
  const keepalived = await openKeepalived({ ...part, onNews: verifyTrigger.fire });
  const { vrrp, heldVips, applier } = keepalived;
  const vrrpLog = log.child({ component: "vrrp" });
  const sentinel = openSentinel({
    ...part,
    openHub: (onFrame) => openWireHub({ onFrame, onState: trigger.fire, log: vrrpLog, signal }),
    ask: keepalived.ask,
    onHeir: (group, address) =>
      record({ kind: "taken-over", group, by: knowledge.nameOf(address) ?? address }),
    log: vrrpLog,
  });
  const cutOvers = await openCutOvers({
    stateDir,
    listen: sentinel.hub.listen,
    stateOf: vrrp.stateOf,
    onHeard: trigger.fire,
    onChange: (group, to) => record({ kind: "change", group, to }),
    log,
  });
  const health = startHealth({
    ...part,
    ...around,
    onFrozen: (durationMs) => record({ kind: "agent-frozen", durationMs }),
    onStuck: keepalived.renounce,
    onLook: http.observeLook,
  });
  await followDrains({ stateDir: stateDir.path, board, onOrders: health.drain, log, signal });
  watchNetwork({ ...part, network, keepalived, health, onVips: verifyTrigger.fire, onChange: trigger.fire });
  const onTemplateError = (err: unknown) => log.warn({ err }, "template is not followed any more");
  await watchTemplate(templatePath, { onEdit: trigger.fire, onError: onTemplateError, signal });
  return [
    reconcileForEver({
      ...part,
      network,
      heldVips,
      applier,
      cutOvers,
      sentinel,
      firstTurns: createFirstTurns(),
      health,
      vrrp,
    }),
    watchTruth({
      board,
      trigger: verifyTrigger,
      ask: keepalived.ask,
      readVips: () => findAddresses(heldVips.addresses),
      mend: keepalived.mend,
      log,
      signal,
    }),
    followWorld({ ...part, network, heldVips, health }),
    keepalived.follow(({ instance, state }) => {
      if (state === "FAULT") health.mendFile(instance);
      if (cutOvers.isUnderWay) trigger.fire();
    }),
    lookAtHost({ ...part, heldVips }),
    watchStateDir(stateDir, signal),
  ];
}
