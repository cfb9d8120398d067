import { setTimeout as sleep } from "node:timers/promises";
import type { Host } from "../../e2e/lab/host.ts";
import type { Lab } from "../../e2e/lab/lab.ts";
import { addContainer, addHost, removeHost } from "../../e2e/lab/metadata-changes.ts";
import { DEFAULT_VIP as VIP } from "../../e2e/lab/topology.ts";
import { until } from "../../e2e/lab/until.ts";
import { createBenchLab } from "../bench-lab.ts";
import { START_MS } from "../failover.ts";
import type { Figure, Measurement, Session } from "../figure.ts";
import { agentWay } from "../way.ts";

const CHANGES = 100;
const PATIENCE_MS = 60_000;
/** Registered, and never there: it only has to be a peer. */
const GUEST = { name: "guest", address: "198.51.100.99" };
/** Else each leave would take the default's 30 s. Two readings of metadata are needed all the same. */
const SHORT_GRACE = { PEER_REMOVAL_GRACE: "0.1" };

export const PEER_CHURN: Figure = {
  name: "peer-churn",
  title: `A peer joins or leaves, ${CHANGES} times: the client's lost probes`,
  unit: "probes",
  how: `Three hosts with the agent. A fourth one is registered in metadata with a container, and removed again, ${CHANGES} changes in all; each time the next change waits until keepalived of all three has the new list. Measured is how many of the client's questions were lost; beside it, how often the VIP moved. keepalived alone speaks by multicast, and has no such list.`,
  contenders: [{ name: "agent", open, target: { atMost: 0, notes: { transitions: 0 } }, maxRounds: 1 }],
  isLasting: true,
};

async function open(): Promise<Session> {
  const lab = await createBenchLab({ hosts: 3 });
  try {
    await Promise.all(lab.hosts.map((host) => agentWay(SHORT_GRACE).start(host)));
    await sleep(START_MS);
    return { measure: () => measure(lab), close: () => lab.destroy() };
  } catch (error) {
    await lab.destroy();
    throw error;
  }
}

async function measure(lab: Lab): Promise<Measurement> {
  const owner = await until(() => lab.owner(VIP), PATIENCE_MS, "one host has the VIP");
  const prober = lab.probe(VIP);
  await prober.awaitAnswer(owner.name, { timeoutMs: PATIENCE_MS });
  const sinceMs = Date.now();
  for (let change = 0; change < CHANGES; change += 1) {
    const isJoin = change % 2 === 0;
    lab.metadata.publish((document) => {
      if (!isJoin) return removeHost(document, GUEST.name);
      addHost(document, GUEST);
      addContainer(document, GUEST.name);
    });
    const isDone = (host: Host) => host.conf()?.includes(GUEST.address) === isJoin;
    await until(() => lab.hosts.every(isDone), PATIENCE_MS, "all hosts have the new list");
  }
  const transitions = lab.ownership.transitions(VIP, sinceMs);
  const { lost, sent, longestSilenceMs, longestPauseMs } = await prober.stop({ sinceMs });
  const seen = { probes: sent, transitions, "longest silence, ms": longestSilenceMs };
  return { value: lost, notes: { ...seen, "client's own pause, ms": longestPauseMs } };
}
