/** Health as one part of the agent: reader, events, checks, track file and watchdog, wired for a group. */
import type { Logger } from "pino";
import { trackFileOf } from "../core/render.ts";
import type { Settings } from "../core/settings.ts";
import type { MetadataClient } from "../io/metadata.ts";
import { NO_NAT_EVENTS, openNatEvents } from "../io/nat-events.ts";
import { openTrackFile } from "../io/track-file.ts";
import { startWatchdog } from "../io/watchdog.ts";
import type { Board } from "./board.ts";
import { type Health, watchHealth } from "./health.ts";
import type { Knowledge } from "./knowledge.ts";
import { createLook } from "./look.ts";
import { openNatReader } from "./nat-reader.ts";

/** Time between two signs of life to the watchdog, ms. */
const BEAT_MS = 1_000;
/** After this time without one the host counts as unhealthy, ms. */
const FROZEN_MS = 5_000;
const NAT_TIMEOUT_MS = 1_000;

export interface HealthPartsOptions {
  readonly group: string;
  readonly trackDir: string;
  readonly settings: Settings;
  readonly knowledge: Knowledge;
  readonly client: MetadataClient | undefined;
  readonly board: Board;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** @throws {AgentError} CONF_UNWRITABLE where the track file cannot be written. */
export async function startHealth(options: HealthPartsOptions): Promise<Health> {
  const { trackDir, group, settings, board, signal } = options;
  const log = options.log.child({ component: "health" });
  const file = trackFileOf(trackDir, group);
  const trackFile = await openTrackFile(file);
  const backend = settings.agent.iptablesBackend;
  const onChange = () => health.lookNow();
  const natEvents = backend === "legacy" ? NO_NAT_EVENTS : openNatEvents({ log, signal, onChange });
  const natReader = openNatReader({
    backend,
    timeoutMs: NAT_TIMEOUT_MS,
    changes: natEvents,
    log,
    signal,
  });
  const health: Health = watchHealth({
    trackFile,
    look: createLook({ ...options, natReader, natEvents }),
    onStatus: (status) => board.update({ health: status }),
    log,
    signal,
  });
  const watchdog = startWatchdog({
    pathPrefix: trackFileOf(trackDir, ""),
    timeoutMs: FROZEN_MS,
    onEmptied: health.forget,
    log,
    signal,
  });
  const beat = setInterval(watchdog.beat, BEAT_MS);
  signal.addEventListener("abort", () => clearInterval(beat), { once: true });
  return health;
}
