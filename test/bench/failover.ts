/** What a client notices when the owner of the virtual IP is harmed: three hosts, a question every 5 ms. */

import { setTimeout as sleep } from "node:timers/promises";
import type { Host } from "../e2e/lab/host.ts";
import type { Lab } from "../e2e/lab/lab.ts";
import type { IptablesBackend } from "../e2e/lab/rancher-rules.ts";
import { DEFAULT_VIP as VIP } from "../e2e/lab/topology.ts";
import { until } from "../e2e/lab/until.ts";
import { createBenchLab } from "./bench-lab.ts";
import type { Measurement, Session } from "./figure.ts";
import type { Way } from "./way.ts";

/** Generous: a wait that fails costs the figure, one that lasts is seen in it. */
const PATIENCE_MS = 60_000;
/** A question without an answer for so long is lost. Here answers take less than 1 ms, or never come. */
const LOST_AFTER_MS = 300;
/** The agent's startup delay, or the baseline's three adverts, and the checks that must pass before. */
export const START_MS = 6_000;

export interface Fault {
  harm(owner: Host, way: Way): Promise<unknown>;
  heal(owner: Host, way: Way): Promise<unknown>;
  /** So long the hosts are left alone before each round: the healed one comes back, and a new owner becomes one that is asked, ms. */
  readonly settleMs: number;
  /** A random part of it passes before the fault, so that rounds of one length do not all begin at the same time of an interval, ms. */
  readonly phaseMs?: number;
}

export async function openFailover(
  way: Way,
  fault: Fault,
  backend: IptablesBackend = "nft",
): Promise<Session> {
  const lab = await createBenchLab({ hosts: 3, backend });
  try {
    await Promise.all(lab.hosts.map((host) => way.start(host)));
    await sleep(START_MS);
    await until(() => lab.owner(VIP), PATIENCE_MS, "one host has the VIP");
    await sleep(fault.settleMs);
    return { measure: () => measure(lab, way, fault), close: () => lab.destroy() };
  } catch (error) {
    await lab.destroy();
    throw error;
  }
}

/** The client's longest silence, ms. */
async function measure(lab: Lab, way: Way, fault: Fault): Promise<Measurement> {
  const owner = await until(() => lab.owner(VIP), PATIENCE_MS, "one host has the VIP");
  const prober = lab.probe(VIP, { timeoutMs: LOST_AFTER_MS });
  await prober.awaitAnswer(owner.name, { timeoutMs: PATIENCE_MS });
  await sleep(Math.random() * (fault.phaseMs ?? 0));
  const sinceMs = Date.now();
  await Promise.all([fault.harm(owner, way), prober.awaitOther(owner.name, { timeoutMs: PATIENCE_MS })]);
  const { longestSilenceMs, lost, longestPauseMs } = await prober.stop({ sinceMs });
  await fault.heal(owner, way);
  await sleep(fault.settleMs);
  return {
    value: longestSilenceMs,
    notes: { "lost probes": lost, "client's own pause, ms": longestPauseMs },
  };
}
