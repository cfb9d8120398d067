/**
 * Rivals: other hosts that seem to have a VIP that this host owns, by their claims or by their adverts. Each is asked often,
 * so that this host soon knows when one is gone, and can announce itself to the clients that followed it.
 */
import { vipsOf } from "../vrrp/instance.ts";
import type { RivalAddress } from "../wire/capture-plan.ts";
import type { WireEvidence } from "./evidence.ts";
import { isForeignMac, isOwnerAdvert, type WatchedGroup } from "./watched-group.ts";

export interface Rival extends RivalAddress {
  readonly group: string;
  readonly interface: string;
}

/** A rival that has said nothing for this long is gone. It is asked every 0.25 s, and one answer may be lost. */
const GONE_MS = 600;
/** The limit for one interface: a switch may cut off a host that asks too much. */
const MAX_PER_INTERFACE = 3;

/** One rival for each group and MAC. The rivals that were heard first are kept. */
export function rivalsOf(groups: readonly WatchedGroup[], evidence: WireEvidence, nowMs: number): Rival[] {
  const rivals = groups.filter(({ isOwner }) => isOwner).flatMap((group) => ofGroup(group, evidence, nowMs));
  const byInterface = Map.groupBy(rivals, (rival) => rival.interface);
  return [...byInterface.values()].flatMap((those) => those.slice(0, MAX_PER_INTERFACE));
}

function ofGroup(group: WatchedGroup, { claimants, senders }: WireEvidence, nowMs: number): Rival[] {
  const { instance } = group;
  const vips = vipsOf(instance);
  const isPresent = (seen: { interface: string; mac: string; lastMs: number }, silenceMs: number) =>
    seen.interface === instance.interface &&
    isForeignMac(group, seen.mac) &&
    nowMs - seen.lastMs <= silenceMs;
  const byClaim = [...claimants.values()].filter(
    (claimant) => vips.includes(claimant.address) && isPresent(claimant, GONE_MS),
  );
  const bySender = [...senders.values()].filter(
    (sender) =>
      isOwnerAdvert(group, sender.advert) &&
      isPresent(sender, GONE_MS + 1_000 * sender.advert.intervalSeconds),
  );
  const macs = new Set([...byClaim, ...bySender].map(({ mac }) => mac));
  return [...macs].map((mac): Rival => {
    const claimed = new Set(byClaim.filter((one) => one.mac === mac).map(({ address }) => address));
    const address = vips.find((vip) => claimed.has(vip)) ?? instance.firstVip.address;
    return { group: instance.name, interface: instance.interface, address, mac };
  });
}

/** Notices when a rival is gone. */
export interface RivalEnds {
  /** @returns the groups that this host still owns, and that lost a rival since the last call. */
  note(rivals: readonly Rival[], owned: ReadonlySet<string>): ReadonlySet<string>;
  /** Forgets all rivals. */
  clear(): void;
}

export function createRivalEnds(): RivalEnds {
  let before: readonly Rival[] = [];
  return {
    note: (rivals, owned) => {
      const isHere = ({ group, mac }: Rival) => rivals.some((one) => one.group === group && one.mac === mac);
      const gone = before.filter((rival) => owned.has(rival.group) && !isHere(rival));
      before = rivals;
      return new Set(gone.map(({ group }) => group));
    },
    clear: () => {
      before = [];
    },
  };
}
