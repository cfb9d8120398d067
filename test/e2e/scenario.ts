/** What every scenario needs: a lab with running agents, and words for what it waits for. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll } from "vitest";
import { statusOf } from "./lab/ask.ts";
import type { Host } from "./lab/host.ts";
import { createLab, type Lab, type LabOptions } from "./lab/lab.ts";
import { DEFAULT_VIP as VIP } from "./lab/topology.ts";
import { until } from "./lab/until.ts";

export { statusOf, VIP };

/** Generous: the machine is shared. What a figure is on a quiet one stands in the benchmarks. */
const SOON_MS = 120_000;

/** For probes none of which may be lost: what a busy machine answers late is not. */
export const PATIENT_PROBE = { timeoutMs: 15_000 };

/** keepalived's vrrp_startup_delay of 3 s, and one advert. */
const STARTUP_DELAY_MS = 3_200;

/** A lab for all tests of a file, made before them and destroyed after them. */
export function useLab(options: LabOptions): { readonly lab: Lab } {
  const holder: { lab?: Lab } = {};
  beforeAll(async () => {
    holder.lab = await createLab(options);
  });
  afterAll(async () => {
    await holder.lab?.destroy();
  });
  return {
    get lab() {
      if (holder.lab === undefined) throw new Error("the lab is used before it was made");
      return holder.lab;
    },
  };
}

/** State of the host's one instance, by its agent. */
export async function stateOf(host: Host): Promise<string | undefined> {
  return (await statusOf(host))?.instances[0]?.state;
}

/** Waits until exactly one host has the VIP and every other one's agent backs it up. */
export async function settled(lab: Lab, hosts: readonly Host[] = lab.hosts): Promise<Host> {
  return until(
    async () => {
      const states = await Promise.all(hosts.map(stateOf));
      const owners = hosts.filter((_, index) => states[index] === "MASTER");
      const backups = states.filter((state) => state === "BACKUP");
      const [owner] = owners;
      if (owners.length !== 1 || backups.length !== hosts.length - 1) return undefined;
      return (await lab.holders(VIP)).join() === owner?.name ? owner : undefined;
    },
    SOON_MS,
    "one host owns the VIP and the others back it up",
  );
}

/** Whether each of the hosts names this one as the owner of its one group. */
export async function namesOwner(hosts: readonly Host[], owner: Host): Promise<boolean> {
  const statuses = await Promise.all(hosts.map(statusOf));
  return statuses.every((status) => status?.instances[0]?.owner?.host === owner.name);
}

/** Starts the agents of all hosts at once and waits for an owner. */
export async function startAll(lab: Lab, env: Readonly<Record<string, string>> = {}): Promise<Host> {
  await Promise.all(lab.hosts.map((host) => host.startAgent(env)));
  return settled(lab);
}

/**
 * Resolves when the keepalived of every host, or of `count` hosts, is past its startup delay. It takes no VIP before: a
 * fault within it would wait.
 */
export async function pastStartup(hosts: readonly Host[], count = hosts.length): Promise<void> {
  const starts = hosts.map(({ agent }) => {
    // keepalived starts its VRRP process again by itself, which delays its startup, too
    const isStart = ({ text }: { text: string }) =>
      text.includes('"keepalived started"') || text.includes("STATE (init)");
    const line = agent.container.log.lines.findLast(isStart);
    return line?.atMs ?? 0;
  });
  const lastMs = starts.sort((one, other) => one - other)[count - 1] ?? 0;
  await sleep(Math.max(0, lastMs + STARTUP_DELAY_MS - Date.now()));
}

/** Settled, and every keepalived could take the VIP at once. */
export async function calm(lab: Lab, hosts: readonly Host[] = lab.hosts): Promise<Host> {
  await settled(lab, hosts);
  await pastStartup(hosts);
  return settled(lab, hosts);
}

/** The peers that the host's keepalived.conf lists. */
export function peersOf(host: Host): string[] {
  const block = /unicast_peer \{([^}]*)\}/.exec(host.conf() ?? "")?.[1] ?? "";
  return [...block.matchAll(/^\s*([\d.a-f:]+)/gm)].map(([, address = ""]) => address);
}

/** How many times the host's agent had keepalived take a configuration since a position in its log. */
export function reloadsSince(host: Host, position: number): number {
  return host.agent.container.log.lines
    .slice(position)
    .filter(({ text }) => text.includes('"msg":"configuration applied"')).length;
}

export async function untilPeers(host: Host, peers: readonly string[]): Promise<void> {
  const want = [...peers].sort().join();
  await until(() => peersOf(host).join() === want, SOON_MS, `${host.name} has the peers ${want}`);
}
