/** Compares what keepalived runs, by its own dump, with what the configuration says. */

import { AgentError } from "../errors.ts";
import { type Instance, vipsOf } from "../vrrp/instance.ts";
import type { InstanceDump } from "./dump.ts";

/** @throws {AgentError} RELOAD_UNCONFIRMED, which names each difference. */
export function confirmInstances(wanted: readonly Instance[], actual: readonly InstanceDump[]): void {
  const byName = new Map(actual.map((dump) => [dump.instance, dump]));
  const different = wanted.flatMap((instance) => differences(instance, byName.get(instance.name)));
  const names = new Set(wanted.map(({ name }) => name));
  const extra = actual
    .filter(({ instance }) => !names.has(instance))
    .map(({ instance }) => `still runs ${instance}`);
  const all = [...different, ...extra];
  if (all.length > 0) throw new AgentError("RELOAD_UNCONFIRMED", `keepalived ${all.join(", ")}`);
}

function differences(wanted: Instance, actual: InstanceDump | undefined): string[] {
  if (actual === undefined) return [`does not run ${wanted.name}`];
  const pairs: [string, string | number, string | number][] = [
    ["virtual_router_id", wanted.virtualRouterId, actual.virtualRouterId],
    ["priority", wanted.priority, actual.priority],
    ["VIPs", vipsOf(wanted).toSorted().join(" "), actual.vips.toSorted().join(" ")],
  ];
  return pairs
    .filter(([, want, have]) => want !== have)
    .map(([name, want, have]) => `has ${name} ${have} for ${wanted.name} instead of ${want}`);
}
