/** What happens to the service that the checks look at, and what the operator says of it. */
import { execa } from "execa";
import { Child } from "../e2e/lab/child.ts";
import type { Host } from "../e2e/lab/host.ts";
import { BUILT_PROGRAM } from "../e2e/lab/metadata.ts";
import { setLabel } from "../e2e/lab/metadata-changes.ts";
import type { PublishedPort } from "../e2e/lab/rancher-rules.ts";
import { type Allowance, type Fault, HANDED_OVER, onOwner, UNNOTICED } from "./fault.ts";

const PORTS: readonly PublishedPort[] = [
  { port: 80, protocol: "tcp" },
  { port: 80, protocol: "udp" },
];
/** The client's own loss until the checks have failed as often as they must: 0.25 s and four looks, 0.12 s apart. */
const FAILED: Allowance = { gapMs: 1_600, overlapMs: 100, mayMove: true };

export const HEALTH_FAULTS: readonly Fault[] = [
  {
    name: "ports-gone",
    areas: ["health"],
    lasts: [100, 5_000],
    allowance: onOwner(FAILED),
    strike: async ({ host }) => {
      await host.publishPorts([]);
      return () => host.publishPorts(PORTS);
    },
  },
  {
    name: "backend-dead",
    areas: ["health"],
    lasts: [100, 5_000],
    allowance: onOwner(FAILED),
    strike: async ({ host }) => {
      await host.stopBackend();
      return () => host.startBackend();
    },
  },
  {
    name: "rules-locked",
    areas: ["health"],
    lasts: [500, 6_000],
    allowance: () => UNNOTICED,
    strike: async ({ host }) => {
      const holder = new Child({
        namespace: host.namespace,
        name: `the holder of the iptables lock on ${host.name}`,
        command: ["flock", "--no-fork", `${host.folder}/run/xtables.lock`, "sleep", "60"],
      });
      return async () => {
        await holder.end("SIGTERM");
      };
    },
  },
  {
    name: "drained",
    areas: ["health", "agent"],
    lasts: [500, 5_000],
    allowance: onOwner(HANDED_OVER),
    strike: async ({ host }) => {
      await command(host, "drain");
      return () => command(host, "undrain");
    },
  },
  {
    name: "drained-by-label",
    areas: ["health", "members", "metadata"],
    lasts: [1_500, 5_000],
    allowance: onOwner(HANDED_OVER),
    strike: async ({ fleet: { lab }, host }) => {
      const publish = (value: string | undefined) =>
        lab.metadata.publish((document) =>
          setLabel(document, host.name, { name: "keepalived.drain", value }),
        );
      publish("true");
      return async () => publish(undefined);
    },
  },
];

/** An order that is refused, or after which no other host takes over, is no fault: `undrain` ends it all the same. */
async function command(host: Host, name: "drain" | "undrain"): Promise<void> {
  await execa("ip", ["netns", "exec", host.namespace, ...BUILT_PROGRAM, name], {
    reject: false,
    timeout: 30_000,
  });
}
