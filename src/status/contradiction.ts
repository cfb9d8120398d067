/**
 * Where the states that keepalived told and the addresses that the kernel has do not go together: one of the two is
 * wrong, and who believes the states alone sends people to a host that does not serve. And what mends it, where that is
 * known, if it does not pass by itself.
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
  /** The VIPs that the kernel has; undefined where it could not be asked. */
  readonly heldAddresses: readonly HeldAddress[] | undefined;
  /** ISO 8601, keepalived's last account of itself, where it ought to have given a newer one. */
  readonly silentSince: string | undefined;
  /** Whether it did not even answer. */
  readonly isHung: boolean;
}

/** What mends a contradiction. */
export type Remedy =
  /** Addresses that this host must not have while another one serves them. */
  | { readonly kind: "remove"; readonly addresses: ReadonlySet<string> }
  /** keepalived makes the same mistake as long as it runs. */
  | { readonly kind: "replace"; readonly why: string; readonly how: "gently" | "by force" };

export interface FoundContradiction {
  /** A sentence, the same as long as the same is wrong. */
  readonly text: string;
  readonly remedy?: Remedy;
  /** How long it may pass by itself before it is mended, ms: a change of state takes some ms, keepalived's own mending 120. */
  readonly remedyDelayMs: number;
}

const SHORT_MS = 1_000;
const LONG_MS = 5_000;

export function findContradictions(observed: ObservedState): FoundContradiction[] {
  const { isKeepalivedRunning, instances, heldAddresses, silentSince, isHung } = observed;
  const general: (FoundContradiction | false)[] = [
    !isKeepalivedRunning &&
      instances.length > 0 &&
      unmended("keepalived does not run, so no state that is shown counts"),
    silentSince !== undefined && judgeSilence(silentSince, isHung),
    heldAddresses === undefined && unmended("the addresses of this host cannot be read"),
  ];
  const found = general.filter((finding) => finding !== false);
  if (heldAddresses === undefined) return found;
  const judged = instances.flatMap((instance) => judgeInstance(instance, heldAddresses));
  // states that keepalived did not confirm just now are no reason to take an address away
  return [...found, ...(silentSince === undefined ? judged : judged.map(({ text }) => unmended(text)))];
}

function unmended(text: string): FoundContradiction {
  return { text, remedyDelayMs: 0 };
}

/** One that only cannot tell its state, most often for a full disk, serves as well as ever. */
function judgeSilence(since: string, isHung: boolean): FoundContradiction {
  if (!isHung) return unmended(`keepalived has given no account of itself since ${since}`);
  return {
    text: `keepalived has not answered since ${since}`,
    remedy: { kind: "replace", why: "it did not answer", how: "by force" },
    remedyDelayMs: SHORT_MS,
  };
}

function judgeInstance(
  { name, state, interface: link, vips }: InstanceStatus,
  heldAddresses: readonly HeldAddress[],
): FoundContradiction[] {
  const addresses = vips.map((vip) => vip.replace(/\/\d+$/, ""));
  if (state === "MASTER") {
    const isThere = (vip: string) =>
      heldAddresses.some(({ interface: where, address }) => where === link && address === vip);
    const missing = addresses.filter((vip) => !isThere(vip));
    if (missing.length === 0) return [];
    const text = `${name} is MASTER without ${missing.join(", ")} on ${link}`;
    return [{ text, remedy: { kind: "replace", why: text, how: "gently" }, remedyDelayMs: LONG_MS }];
  }
  const held = heldAddresses.filter(({ address }) => addresses.includes(address));
  const places = held.map(({ address, interface: where }) => `${address} on ${where}`);
  if (places.length === 0) return [];
  const text = `${name} is ${state} with ${places.join(", ")}`;
  // a keepalived that said nothing yet may be about to say MASTER
  if (!["BACKUP", "FAULT", "STOPPED"].includes(state)) return [unmended(text)];
  const unwanted = new Set(held.map(({ address }) => address));
  return [{ text, remedy: { kind: "remove", addresses: unwanted }, remedyDelayMs: SHORT_MS }];
}
