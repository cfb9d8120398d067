/**
 * Packets of this host that come back from the network. A host does not hear what it sends itself, so the network has a
 * loop, or a clone of this machine has its MAC address and its IP addresses. That does not prove another owner, so it
 * is only advice.
 */
import { vipsOf } from "../vrrp/instance.ts";
import type { WireFrame } from "../wire/frame.ts";
import type { WatchedGroup } from "./watched-group.ts";

/** Single packets may come back while a switch learns. */
const MIN_FRAMES = 3;
/** An owner announces its VIPs at least this often, with up to 10 VIPs. */
const FORGET_MS = 60_000;

/** Times are of one monotonic clock. */
export interface ReturnedFrames {
  /** @returns whether there is new advice. */
  noteFrame(frame: WireFrame, groups: readonly WatchedGroup[], nowMs: number): boolean;
  /** One sentence for each interface, sorted. */
  advice(nowMs: number): string[];
  /** After this time the advice may have ended; undefined where there is none. */
  readonly recheckMs: number | undefined;
}

export function createReturnedFrames(): ReturnedFrames {
  const returned = new Map<string, { mac: string; count: number; lastMs: number }>();
  const forgetOld = (nowMs: number) => {
    for (const [link, { lastMs }] of returned) if (nowMs - lastMs > FORGET_MS) returned.delete(link);
  };
  return {
    noteFrame: ({ interface: link, mac, advert, claim }, groups, nowMs) => {
      const address = advert?.source ?? claim?.address ?? "";
      const isOwn = groups.some(
        (group) =>
          group.instance.interface === link &&
          group.mac === mac &&
          (group.ownAddresses.has(address) || (group.isOwner && vipsOf(group.instance).includes(address))),
      );
      if (!isOwn) return false;
      forgetOld(nowMs);
      const count = (returned.get(link)?.count ?? 0) + 1;
      returned.set(link, { mac, count, lastMs: nowMs });
      return count === MIN_FRAMES;
    },
    advice: (nowMs) => {
      forgetOld(nowMs);
      return [...returned]
        .filter(([, { count }]) => count >= MIN_FRAMES)
        .map(
          ([link, { mac }]) =>
            `packets of this host (MAC ${mac}) come back to ${link}: look for a loop in the network, or for a clone of this machine`,
        )
        .toSorted();
    },
    get recheckMs() {
      return returned.size === 0 ? undefined : FORGET_MS;
    },
  };
}
