/**
 * Where the states that keepalived told and the addresses that the kernel has do not go together: one of the two is
 * wrong, and who believes the states alone sends people to a host that does not serve.
 */
import type { InstanceStatus } from "./status.ts";

/** An address on an interface of this host, canonical. */
export interface Sighting {
  readonly interface: string;
  readonly address: string;
}

export interface Evidence {
  readonly isKeepalivedRunning: boolean;
  readonly instances: readonly InstanceStatus[];
  /** The VIPs that the kernel has; undefined where it could not be asked. */
  readonly sightings: readonly Sighting[] | undefined;
  /** ISO 8601, keepalived's last account of itself, where it ought to have given a newer one. */
  readonly silentSince: string | undefined;
}

/** One sentence each, the same as long as the same is wrong. */
export function findContradictions(evidence: Evidence): string[] {
  const { isKeepalivedRunning, instances, sightings, silentSince } = evidence;
  const general = [
    !isKeepalivedRunning &&
      instances.length > 0 &&
      "keepalived does not run, so no state that is shown counts",
    silentSince !== undefined && `keepalived has given no account of itself since ${silentSince}`,
    sightings === undefined && "the addresses of this host cannot be read",
  ].filter((sentence) => sentence !== false);
  if (sightings === undefined) return general;
  return [...general, ...instances.flatMap((instance) => judgeInstance(instance, sightings))];
}

function judgeInstance(
  { name, state, interface: link, vips }: InstanceStatus,
  sightings: readonly Sighting[],
) {
  const addresses = vips.map((vip) => vip.replace(/\/\d+$/, ""));
  if (state === "MASTER") {
    const isThere = (vip: string) =>
      sightings.some(({ interface: where, address }) => where === link && address === vip);
    const missing = addresses.filter((vip) => !isThere(vip));
    return missing.length === 0 ? [] : [`${name} is MASTER without ${missing.join(", ")} on ${link}`];
  }
  const held = sightings.filter(({ address }) => addresses.includes(address));
  const places = held.map(({ address, interface: where }) => `${address} on ${where}`);
  return places.length === 0 ? [] : [`${name} is ${state} with ${places.join(", ")}`];
}
