/**
 * The agent. Each metadata version becomes a Snapshot; Settings and Snapshot become the Desired state; Desired state
 * and template become text; text that differs and that keepalived accepts replaces the file, and keepalived gets
 * SIGHUP. Whatever goes wrong on the way, what keepalived does now goes on.
 */
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { createApplier } from "./agent/applier.ts";
import { createBell } from "./agent/bell.ts";
import { type Board, createBoard } from "./agent/board.ts";
import { desire } from "./agent/desire.ts";
import { followMetadata } from "./agent/feed.ts";
import { openHeldVips } from "./agent/held-vips.ts";
import { openKnowledge } from "./agent/knowledge.ts";
import { createReader } from "./agent/reader.ts";
import { superviseKeepalived } from "./agent/supervisor.ts";
import { watchVrrp } from "./agent/vrrp-watch.ts";
import { pidFilesIn } from "./core/keepalived-command.ts";
import { withoutAddresses } from "./core/local-network.ts";
import { renderConf } from "./core/render.ts";
import type { Settings } from "./core/settings.ts";
import { claimHost, type HostClaim } from "./io/host-claim.ts";
import { startKeepalived } from "./io/keepalived.ts";
import { endLeftovers } from "./io/keepalived-leftovers.ts";
import { validateConf } from "./io/keepalived-validate.ts";
import { connectMetadata } from "./io/metadata.ts";
import { readNetwork } from "./io/network.ts";
import { openStateDir } from "./io/state-dir.ts";
import { readTemplate, watchTemplate } from "./io/template.ts";
import { openVrrpFifo } from "./io/vrrp-fifo.ts";

/** Least time between two reloads, ms: a burst of changes is one change behind the first. */
const RELOAD_GAP_MS = 2_000;
/** After a failure the same is tried again, ms: an interface may have appeared, a disk have space again. */
const RETRY_MS = 5_000;
/** An orphaned keepalived ends by itself in 1 s. */
const ORPHAN_GRACE_MS = 1_500;

export interface AgentOptions {
  readonly settings: Settings;
  readonly version: string;
  readonly pid: number;
  readonly hostName: string;
  readonly templatePath: string;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Runs until the signal aborts; by its return keepalived has ended and released the VIPs. */
export async function runAgent(options: AgentOptions): Promise<void> {
  const { log, signal } = options;
  const onWait = () => log.warn("another agent runs in this host network, waiting for its end");
  const claim = await claimHost(onWait, signal);
  try {
    await runClaimed(options, claim);
  } finally {
    claim.release();
  }
}

async function runClaimed(options: AgentOptions, claim: HostClaim): Promise<void> {
  const { settings, log, signal, templatePath } = options;
  const { agent } = settings;
  const stateDir = await openStateDir(agent.stateDir);
  const around = {
    notifyFifo: path.join(stateDir.path, "vrrp.fifo"),
    reloadCheckLog: path.join(stateDir.path, "reload-check.log"),
  };
  const keepalivedLog = log.child({ component: "keepalived" });
  const board: Board = createBoard({ ...options, publish: claim.publish });
  const bell = createBell();
  const vrrp = watchVrrp(board);
  const heldVips = await openHeldVips(stateDir, log);
  const knowledge = await openKnowledge(stateDir, agent.peerRemovalGraceSeconds * 1_000);
  const fifo = await openVrrpFifo(around.notifyFifo);

  const supervisor = superviseKeepalived({
    start: async () => {
      const pidFiles = pidFilesIn(stateDir.path);
      await endLeftovers([pidFiles.parent, pidFiles.vrrp], { log: keepalivedLog, graceMs: ORPHAN_GRACE_MS });
      await heldVips.removeAll();
      await applier.mendFile();
      const { keepalivedConf: conf } = agent;
      return startKeepalived({ conf, runDir: stateDir.path, log: keepalivedLog, ...around });
    },
    removeVips: heldVips.removeAll,
    onStart: (pid, states) => {
      board.update({ keepalived: { isRunning: true, pid } });
      board.clear("keepalived");
      vrrp.account(states);
    },
    onEnd: (error) => {
      board.update({ keepalived: { isRunning: false, pid: undefined } });
      board.raise("keepalived", error);
      vrrp.ended();
    },
    signal,
  });
  const applier = await createApplier({
    conf: agent.keepalivedConf,
    validate: (file) => validateConf(file, { log: keepalivedLog, signal }),
    stateDir,
    around,
    supervisor,
    heldVips,
    log,
  });

  const reconcile = async (): Promise<void> => {
    const { view } = knowledge;
    if (view === undefined) return;
    const startedMs = performance.now();
    const network = withoutAddresses(await readNetwork(), heldVips.addresses);
    const { desired, advice } = desire(settings, view, network);
    const text = renderConf(await readTemplate(templatePath), desired, around);
    if (advice.length === 0) board.clear("advice");
    else board.raise("advice", advice.join("; "));
    if (await applier.apply(text, desired)) {
      lastAppliedMs = performance.now();
      const reloads = board.status.configuration.reloads + 1;
      const peers = desired.instances.flatMap(({ unicast }) => unicast?.peers ?? []);
      log.info({ peers, durationMs: Math.round(lastAppliedMs - startedMs) }, "configuration applied");
      vrrp.expect(applier.inForce);
      const appliedAt = new Date().toISOString();
      board.update({ configuration: { appliedAt, reloads, rejected: applier.rejected } });
    }
    board.clear("configuration");
  };

  const reconcileSafely = async (): Promise<void> => {
    try {
      await reconcile();
    } catch (error) {
      if (signal.aborted) return;
      board.raise("configuration", error);
      board.update({ configuration: { ...board.status.configuration, rejected: applier.rejected } });
      if (applier.inForce.length === 0 && (await applier.resume().catch(() => false))) {
        log.warn("keepalived was started with the configuration of an earlier run");
        vrrp.expect(applier.inForce);
      }
      void sleep(RETRY_MS, undefined, { signal }).then(bell.ring, () => undefined);
    }
  };

  let lastAppliedMs = Number.NEGATIVE_INFINITY;
  const reconcileForEver = async (): Promise<void> => {
    for (;;) {
      await bell.rung(signal);
      const restMs = lastAppliedMs + RELOAD_GAP_MS - performance.now();
      if (restMs > 0) await sleep(restMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      await reconcileSafely();
    }
  };

  const watchTransitions = async (): Promise<void> => {
    for await (const event of fifo.events) vrrp.transition(event);
  };

  await watchTemplate(templatePath, bell.ring, signal);
  const watching = watchTransitions();
  if (agent.metadataUrl === undefined) {
    knowledge.standAlone(options.hostName);
    board.update({ metadata: { source: "off", version: undefined, readAt: undefined } });
    bell.ring();
    await reconcileForEver();
  } else {
    const client = connectMetadata({
      url: agent.metadataUrl,
      log: log.child({ component: "metadata" }),
      signal,
    });
    const read = await createReader({ ...options, client, knowledge, heldVips, board, onChange: bell.ring });
    const onFailure = (error: unknown) => {
      board.raise("metadata", error);
      if (!knowledge.recall()) return;
      board.update({ metadata: { ...board.status.metadata, source: "last-good" } });
      log.warn("metadata of an earlier run is used until it answers");
      bell.ring();
    };
    await Promise.all([followMetadata({ client, read, onFailure, log, signal }), reconcileForEver()]);
  }
  await supervisor.stopped;
  fifo.close();
  await watching;
}
