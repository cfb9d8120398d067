/** Whether keepalived does what it was told: its own account of its instances against what was desired. */

import { AgentError } from "../errors.ts";
import type { Instance } from "../vrrp/instance.ts";
import type { InstanceDump } from "./dump.ts";

/** @throws {AgentError} RELOAD_UNCONFIRMED naming each difference. */
export function confirmInstances(wanted: readonly Instance[], actual: readonly InstanceDump[]): void {
  const byName = new Map(actual.map((state) => [state.instance, state]));
  const missing = wanted.flatMap((instance) => differences(instance, byName.get(instance.name)));
  const names = new Set(wanted.map(({ name }) => name));
  const extra = actual
    .filter((state) => !names.has(state.instance))
    .map((state) => `runs ${state.instance} still`);
  const all = [...missing, ...extra];
  if (all.length > 0) throw new AgentError("RELOAD_UNCONFIRMED", `keepalived ${all.join(", ")}`);
}

function differences(wanted: Instance, actual: InstanceDump | undefined): string[] {
  if (actual === undefined) return [`does not run ${wanted.name}`];
  const vips = [wanted.firstVip, ...wanted.excludedVips].map(({ address }) => address);
  const pairs: [string, string | number, string | number][] = [
    ["virtual_router_id", wanted.virtualRouterId, actual.virtualRouterId],
    ["priority", wanted.priority, actual.priority],
    ["VIPs", vips.toSorted().join(" "), actual.vips.toSorted().join(" ")],
  ];
  return pairs
    .filter(([, want, have]) => want !== have)
    .map(([what, want, have]) => `has ${what} ${have} for ${wanted.name} instead of ${want}`);
}
