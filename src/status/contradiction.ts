/**
 * Finds contradictions between the states that keepalived reports and the addresses that the kernel has.
 *
 * One of the two is then wrong, and an operator who trusts the state alone looks at the wrong host. A contradiction
 * that does not end by itself has a remedy, if one is known.
 */

import type { HealthStatus } from "../health/status.ts";
import type { InstanceStatus } from "../keepalived/instance-status.ts";
import { type HeldAddress, type MissingVip, missingVipsOf } from "./missing-vip.ts";

export interface ObservedState {
  readonly isKeepalivedRunning: boolean;
  readonly instances: readonly InstanceStatus[];
  /** By group. A group without an entry has no verdict yet. */
  readonly health: ReadonlyMap<string, Pick<HealthStatus, "isHealthy" | "heldBy">>;
  /** The VIPs that the kernel has; undefined where they could not be read. */
  readonly heldAddresses: readonly HeldAddress[] | undefined;
  /** The interfaces that are up and have a carrier. */
  readonly linksUp: ReadonlySet<string>;
  /** ISO 8601, time of keepalived's last report of its states; undefined unless a newer one is missing. */
  readonly silentSince: string | undefined;
  /** Whether keepalived did not answer at all. */
  readonly isHung: boolean;
  /** By group. Where it is missing it is unknown. */
  readonly access: ReadonlyMap<string, TrackFileAccess>;
}

/** Whether keepalived may read the track file of a group, by the modes of its path. */
export type TrackFileAccess =
  | { readonly kind: "unknown" | "readable" }
  | { readonly kind: "barred"; readonly barrier: string };

/** What ends a contradiction. */
export type Remedy =
  /** Removes addresses that this host must not have, as another host may own them. */
  | { readonly kind: "remove"; readonly addresses: ReadonlySet<string> }
  /** Replaces keepalived, which would not correct itself. */
  | { readonly kind: "replace"; readonly why: string; readonly how: "gently" | "by force" }
  /** Has keepalived read its configuration and its health files again. No VIP moves by that. */
  | { readonly kind: "reload"; readonly why: string }
  /** Keeps the group away from this host for a while, because a new keepalived did not help. */
  | { readonly kind: "hold"; readonly group: string; readonly vip: MissingVip };

export interface FoundContradiction {
  /** Identifies the contradiction. It stays the same while that lasts, and names what a remedy would act on. */
  readonly key: string;
  /** A sentence. It may change while the contradiction lasts, as when its cause is found. */
  readonly text: string;
  readonly remedy?: Remedy;
  /** What follows if the remedy did not help. Without it the remedy is repeated. */
  readonly lastResort?: Remedy;
  /** The remedy waits this long: a change of state takes a few ms, and keepalived's own correction about 120 ms. */
  readonly remedyDelayMs: number;
}

const SHORT_DELAY_MS = 1_000;
const LONG_DELAY_MS = 5_000;
const INOTIFY_HINT = "keepalived may lack an inotify instance (raise fs.inotify.max_user_instances)";
const FOREIGN_HINT =
  "another program set it, so the agent leaves it there (remove it, or make the host not answer for it: arp_ignore 1)";
/** Where the modes could not be read. root needs the rights, too, in a container without CAP_DAC_OVERRIDE. */
const PERMISSION_HINT =
  "or may not read the file (check the modes of STATE_DIR and of the directories above it)";

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
  const judged = instances.flatMap((instance) => [
    ...judgeInstance(instance, heldAddresses),
    ...judgeHealth(instance, observed),
  ]);
  // no address is removed because of a state that keepalived did not just confirm
  return [
    ...found,
    ...(silentSince === undefined ? judged : judged.map(({ text, key }) => withoutRemedy(text, key))),
  ];
}

function withoutRemedy(text: string, key = text): FoundContradiction {
  return { key, text, remedyDelayMs: 0 };
}

/** A keepalived that answers but cannot write its states, usually because of a full disk, works as before. */
function judgeSilence(since: string, isHung: boolean): FoundContradiction {
  if (!isHung) return withoutRemedy(`keepalived has not reported its states since ${since}`);
  const text = `keepalived has not answered since ${since}`;
  return {
    key: text,
    text,
    remedy: { kind: "replace", why: "it did not answer", how: "by force" },
    remedyDelayMs: SHORT_DELAY_MS,
  };
}

/** The first VIP decides about ownership. An owner without a further one is no contradiction. */
function judgeInstance(
  instance: InstanceStatus,
  heldAddresses: readonly HeldAddress[],
): FoundContradiction[] {
  const { name, state, interface: link, vips } = instance;
  if (state === "MASTER") {
    const { first } = missingVipsOf(instance, heldAddresses);
    if (first === undefined) return [];
    const text = `${name} is MASTER without ${first.address} on ${link}`;
    const remedy = { kind: "replace", why: text, how: "gently" } as const;
    const lastResort = { kind: "hold", group: name, vip: first } as const;
    return [{ key: text, text, remedy, lastResort, remedyDelayMs: LONG_DELAY_MS }];
  }
  const addresses = new Set(vips.map((vip) => vip.replace(/\/\d+$/, "")));
  const held = heldAddresses.filter(({ address }) => addresses.has(address));
  const foreign = held.filter(({ isLoopback }) => isLoopback);
  const left = held.filter(({ isLoopback }) => !isLoopback);
  const withVips = (all: typeof held) =>
    `${name} is ${state} with ${all.map(({ address, interface: where }) => `${address} on ${where}`).join(", ")}`;
  const found = foreign.length === 0 ? [] : [withoutRemedy(`${withVips(foreign)}: ${FOREIGN_HINT}`)];
  if (left.length === 0) return found;
  const key = `${name} is ${state} with a VIP`;
  const text = withVips(left);
  // in any other state keepalived may be about to report MASTER
  if (!["BACKUP", "FAULT", "STOPPED"].includes(state)) return [...found, withoutRemedy(text, key)];
  const remedy = { kind: "remove", addresses: new Set(left.map(({ address }) => address)) } as const;
  return [...found, { key, text, remedy, remedyDelayMs: SHORT_DELAY_MS }];
}

/**
 * keepalived learns of a track file by inotify. If the host has no inotify instance left, keepalived stays in FAULT, or
 * stays owner, for good.
 */
function judgeHealth(
  { name, state, interface: link }: InstanceStatus,
  { health, linksUp, access }: ObservedState,
): FoundContradiction[] {
  const verdict = health.get(name);
  if (verdict === undefined) return [];
  const mayOwn = verdict.isHealthy && verdict.heldBy === undefined;
  const found = (why: string, hint: string): FoundContradiction[] => [
    { key: why, text: `${why}: ${hint}`, remedy: { kind: "reload", why }, remedyDelayMs: LONG_DELAY_MS },
  ];
  if (state === "MASTER" && !mayOwn)
    return found(`${name} is MASTER although its track file forbids it`, INOTIFY_HINT);
  if (state === "FAULT" && mayOwn && linksUp.has(link)) {
    const why = `${name} is FAULT although its track file allows it to own and ${link} is up`;
    return found(why, explainFault(access.get(name)));
  }
  return [];
}

function explainFault(access: TrackFileAccess = { kind: "unknown" }): string {
  switch (access.kind) {
    case "barred":
      return `keepalived as ${access.barrier}`;
    case "readable":
      return INOTIFY_HINT;
    case "unknown":
      return `${INOTIFY_HINT}, ${PERMISSION_HINT}`;
  }
}
