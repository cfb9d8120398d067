/** What the status says about the lifetimes of the VIPs. */

/** `vipLease` of the status. */
export interface LeaseStatus {
  /** VIP_LEASE; undefined where it is `off`. */
  readonly seconds: number | undefined;
  /**
   * `off`: VIPs have no lifetime, as VIP_LEASE says. `starting`: not known yet. `renewed`: each VIP on this host has a
   * lifetime, and it is renewed. `unavailable`: new VIPs get no lifetime, for this reason.
   */
  readonly state: "off" | "starting" | "renewed" | "unavailable";
  readonly reason: string | undefined;
}

export const LEASE_OFF: LeaseStatus = { seconds: undefined, state: "off", reason: undefined };

/** What is known of the process that renews. */
export type Renewer =
  | { readonly phase: "starting" }
  | { readonly phase: "ended" }
  | {
      readonly phase: "running";
      /** By the kernel's number of the address family: undefined where it refuses absent addresses, else why not. */
      readonly refusals: ReadonlyMap<number, string | undefined>;
      readonly mayAdopt: boolean;
    };

/** @param families of the VIPs, as the kernel numbers them. */
export function deriveLeaseStatus(
  seconds: number,
  families: ReadonlySet<number>,
  renewer: Renewer,
): LeaseStatus {
  if (renewer.phase === "starting") return { seconds, state: "starting", reason: undefined };
  const unavailable = (reason: string): LeaseStatus => ({ seconds, state: "unavailable", reason });
  if (renewer.phase === "ended") return unavailable("the process that renews leases does not run");
  const refusals = [...families].flatMap((family) => renewer.refusals.get(family) ?? []);
  if (refusals.length > 0) return unavailable([...new Set(refusals)].join(", "));
  if (!renewer.mayAdopt)
    return unavailable("the process that renews leases ended several times within a minute");
  const isKnown = families.size > 0 && [...families].every((family) => renewer.refusals.has(family));
  return { seconds, state: isKnown ? "renewed" : "starting", reason: undefined };
}
