/** The ways in which the demo disturbs its cluster, in the order of their turns. */
import { readFileSync } from "node:fs";
import type { Host } from "../e2e/lab/host.ts";
import { kill } from "../e2e/lab/namespace.ts";
import type { Cluster } from "./cluster.ts";

export interface Way {
  /** As the summary and the hosts' last events name it. */
  readonly name: string;
  /** The one host that has the VIP, which must then move; or the service, which must not be noticed. */
  readonly target: "owner" | "service";
  /** @returns what undoes it. */
  readonly harm: (cluster: Cluster, owner: Host) => Promise<() => Promise<void>>;
}

export const WAYS: readonly Way[] = [
  {
    name: "container stopped",
    target: "owner",
    harm: async (cluster, owner) => {
      await owner.stopAgent();
      return () => cluster.startAgent(owner);
    },
  },
  {
    name: "container killed",
    target: "owner",
    harm: async (cluster, owner) => {
      await owner.killContainer();
      return () => cluster.startAgent(owner);
    },
  },
  {
    name: "cable pulled",
    target: "owner",
    harm: async (_, owner) => {
      await owner.setLink("down", "switch");
      return () => owner.setLink("up", "switch");
    },
  },
  {
    name: "keepalived killed",
    target: "owner",
    harm: async (_, owner) => {
      await killKeepalived(owner);
      return async () => undefined; // the agent starts it again by itself
    },
  },
  {
    name: "metadata services down",
    target: "service",
    harm: async ({ lab: { metadata } }) => {
      await metadata.down();
      return () => metadata.up();
    },
  },
  {
    name: "a fourth host joins and leaves",
    target: "service",
    harm: async (cluster) => {
      const guest = await cluster.join();
      return () => cluster.leave(guest);
    },
  },
];

async function killKeepalived(host: Host): Promise<void> {
  const listed = await host.run(["ip", "netns", "pids", host.namespace]);
  const pids = listed.split("\n").filter(Boolean).map(Number);
  // youngest first: a child that outlived its parent by a moment would release the VIP in order
  for (const pid of pids.toSorted((a, b) => b - a)) {
    if (nameOf(pid) === "keepalived") kill(pid);
  }
}

function nameOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return undefined; // it has ended since it was listed
  }
}
