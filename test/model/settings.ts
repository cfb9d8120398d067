/** The settings of all agents of the model, and a logger that writes nothing. */
import pino from "pino";
import { deriveHealthPlan } from "../../src/health/plan.ts";
import type { RiseFall } from "../../src/health/rise-fall.ts";
import { resolveGroup } from "../../src/settings/resolve-group.ts";
import { parseSettings, type Settings } from "../../src/settings/settings.ts";

const known = new Map<number, Settings>();

export function settingsOf(graceSeconds: number): Settings {
  const settings =
    known.get(graceSeconds) ??
    parseSettings({
      PEER_REMOVAL_GRACE: String(graceSeconds),
      STACK_NAME: "lb",
      SERVICE_NAME: "keepalived",
      CHECK_PORT: "80",
    });
  known.set(graceSeconds, settings);
  return settings;
}

export const PACE: RiseFall = deriveHealthPlan(resolveGroup("main", settingsOf(30), {}, {}).group, {
  script: undefined,
  firstVip: "198.51.100.100",
  clientInterface: undefined,
}).pace;

export const SILENT = pino({ level: "silent" });
