/**
 * What two adverts may differ in, and the operator's next step for each. It is in a file of its own, so that `status` does not load
 * what reads adverts.
 */

export type DifferenceCause = "version" | "transport" | "vrid" | "password" | "vips" | "interval" | "ttl";

/** The operator's next step for each cause. */
export const DIFFERENCE_HINTS: Readonly<Record<DifferenceCause, string>> = {
  version: "Set VRRP_VERSION to the same value on both hosts.",
  transport: "Set UNICAST to the same value on both hosts.",
  vrid: "Set VRID to the same value on both hosts.",
  password: "Set AUTH_PASS to the same value on both hosts.",
  vips: "Give both hosts the same first virtual IP in VIRTUAL_IP.",
  interval: "Set ADVERT_INTERVAL to the same value on both hosts.",
  ttl: "Connect both hosts to the same network segment: VRRP does not cross a router.",
};
