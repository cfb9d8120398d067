/**
 * Finds contradictions between the states that keepalived reports and the addresses that the kernel has.
 *
 * One of the two is then wrong, and an operator who trusts the state alone looks at the wrong host. Each contradiction has
 * a remedy where one is known, for the case that it does not end by itself.
 */

import type { InstanceStatus } from "../keepalived/instance-status.ts";

/** An address on an interface of this host, canonical. */
export interface HeldAddress {
  readonly interface: string;
  readonly address: string;
}

export interface ObservedState {
  readonly isKeepalivedRunning: boolean;
  readonly instances: readonly InstanceStatus[];
  /** The VIPs that the kernel has; undefined where they could not be read. */
  readonly heldAddresses: readonly HeldAddress[] | undefined;
  /** ISO 8601, time of keepalived's last report of its states; undefined unless a newer one is missing. */
  readonly silentSince: string | undefined;
  /** Whether keepalived did not answer at all. */
  readonly isHung: boolean;
}

/** What ends a contradiction. */
export type Remedy =
  /** Removes addresses that this host must not have, as another host may own them. */
  | { readonly kind: "remove"; readonly addresses: ReadonlySet<string> }
  /** Replaces keepalived, which would not correct itself. */
  | { readonly kind: "replace"; readonly why: string; readonly how: "gently" | "by force" };

export interface FoundContradiction {
  /** A sentence. It identifies the contradiction, so it stays the same while that lasts. */
  readonly text: string;
  readonly remedy?: Remedy;
  /** The remedy waits this long: a change of state takes a few ms, and keepalived's own correction about 120 ms. */
  readonly remedyDelayMs: number;
}

const SHORT_DELAY_MS = 1_000;
const LONG_DELAY_MS = 5_000;

export function findContradictions(observed: ObservedState): FoundContradiction[] {
  const { isKeepalivedRunning, instances, heldAddresses, silentSince, isHung } = observed;
  const general: (FoundContradiction | false)[] = [
    !isKeepalivedRunning &&
      instances.length > 0 &&
      withoutRemedy("keepalived does not run, so the states shown are not current"),
    silentSince !== undefined && judgeSilence(silentSince, isHung),
    heldAddresses === undefined && withoutRemedy("the addresses of this host cannot be read"),
  ];
  const found = general.filter((finding) => finding !== false);
  if (heldAddresses === undefined) return found;
  const judged = instances.flatMap((instance) => judgeInstance(instance, heldAddresses));
  // no address is removed because of a state that keepalived did not just confirm
  return [...found, ...(silentSince === undefined ? judged : judged.map(({ text }) => withoutRemedy(text)))];
}

function withoutRemedy(text: string): FoundContradiction {
  return { text, remedyDelayMs: 0 };
}

/** A keepalived that answers but cannot write its states, usually because of a full disk, works as before. */
function judgeSilence(since: string, isHung: boolean): FoundContradiction {
  if (!isHung) return withoutRemedy(`keepalived has not reported its states since ${since}`);
  return {
    text: `keepalived has not answered since ${since}`,
    remedy: { kind: "replace", why: "it did not answer", how: "by force" },
    remedyDelayMs: SHORT_DELAY_MS,
  };
}

function judgeInstance(
  { name, state, interface: link, vips }: InstanceStatus,
  heldAddresses: readonly HeldAddress[],
): FoundContradiction[] {
  const addresses = vips.map((vip) => vip.replace(/\/\d+$/, ""));
  if (state === "MASTER") {
    const isHeld = (vip: string) =>
      heldAddresses.some(({ interface: where, address }) => where === link && address === vip);
    const missing = addresses.filter((vip) => !isHeld(vip));
    if (missing.length === 0) return [];
    const text = `${name} is MASTER without ${missing.join(", ")} on ${link}`;
    return [{ text, remedy: { kind: "replace", why: text, how: "gently" }, remedyDelayMs: LONG_DELAY_MS }];
  }
  const held = heldAddresses.filter(({ address }) => addresses.includes(address));
  const places = held.map(({ address, interface: where }) => `${address} on ${where}`);
  if (places.length === 0) return [];
  const text = `${name} is ${state} with ${places.join(", ")}`;
  // in any other state keepalived may be about to report MASTER
  if (!["BACKUP", "FAULT", "STOPPED"].includes(state)) return [withoutRemedy(text)];
  const unwanted = new Set(held.map(({ address }) => address));
  return [{ text, remedy: { kind: "remove", addresses: unwanted }, remedyDelayMs: SHORT_DELAY_MS }];
}
