import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Container } from "../../e2e/lab/container.ts";
import type { Host } from "../../e2e/lab/host.ts";
import type { Lab } from "../../e2e/lab/lab.ts";
import { addContainer, addHost } from "../../e2e/lab/metadata-changes.ts";
import { createBenchLab } from "../bench-lab.ts";
import { START_MS } from "../failover.ts";
import type { Figure, Session } from "../figure.ts";
import { agentWay, type Way } from "../way.ts";

const POLLER = fileURLToPath(new URL("../poller-program.ts", import.meta.url));
const QUIET_MS = 2_000;
/** Of hosts that are registered and never there. */
const FIRST_GUEST = 30;

const POLLING: Way = { start: (host) => host.startContainer([process.execPath, POLLER]) };

export const METADATA_CHANGE: Figure = {
  name: "metadata-change",
  title: "Metadata change to the reload of the last of 3 hosts",
  unit: "ms",
  how: `Three hosts with the agent, and no change for ${QUIET_MS / 1_000} s. Then a fourth host joins in metadata. Measured is the time from the moment the first of the three metadata services has the new version to the line in which keepalived of the last host says that its reload is complete. Beside it, how long the last of three programs needs that ask for the version every 5 s, without any reload.`,
  contenders: [
    { name: "agent", open: () => open(agentWay(), '"line":"Reload complete"'), target: { atMost: 150 } },
    { name: "a poller at 5 s", open: () => open(POLLING, "version ") },
  ],
};

/** @param sign of a line that a host prints once it has taken the change. */
async function open(way: Way, sign: string): Promise<Session> {
  const lab = await createBenchLab({ hosts: 3 });
  try {
    const containers = await Promise.all(lab.hosts.map((host) => way.start(host)));
    await sleep(START_MS);
    let guest = FIRST_GUEST;
    const measure = async () => {
      await sleep(QUIET_MS * (1 + Math.random())); // never in step with a poller
      guest += 1;
      return { value: await change(lab, containers, { guest, sign }) };
    };
    return { measure, close: () => lab.destroy() };
  } catch (error) {
    await lab.destroy();
    throw error;
  }
}

async function change(
  { metadata }: Lab,
  containers: readonly Container[],
  { guest, sign }: { readonly guest: number; readonly sign: string },
): Promise<number> {
  const from = containers.map(({ log }) => log.lines.length);
  const publishedMs = await metadata.publishAndSee((document) => {
    const host: Pick<Host, "name" | "address"> = { name: `guest-${guest}`, address: `198.51.100.${guest}` };
    addHost(document, host);
    addContainer(document, host.name);
  });
  const heardMs = containers.map(async ({ log }, index) => {
    const isSign = (text: string) => (text.includes(sign) ? true : undefined);
    await log.first(isSign, { from: from[index]!, timeoutMs: 60_000 });
    return log.lines.slice(from[index]).find(({ text }) => text.includes(sign))!.atMs;
  });
  return Math.max(...(await Promise.all(heardMs))) - publishedMs;
}
