/** Shares the one listener process: the split-brain sentinel uses it always, planned changes as long as they last. */
import { readFileSync } from "node:fs";
import type { Logger } from "pino";
import { isIpv6 } from "../../network/address.ts";
import type { Advert } from "../../vrrp/advert.ts";
import { addressAnnouncement } from "../address-announcement.ts";
import type { LinkPacket } from "../address-probe.ts";
import type { CaptureTarget, Pace } from "../capture-plan.ts";
import { parseFrame, type WireFrame } from "../frame.ts";
import { type Loss, mayHaveMissed } from "../loss.ts";
import { type GuardedAddress, mergeTargets, type WantedInterface } from "../merge-targets.ts";
import type { AdvertSubscription } from "../subscription.ts";
import { type ListenerCompanion, openWireListener } from "./listener.ts";

export interface Wire {
  /** Whether adverts on the interface are heard now. Without it, silence says nothing. */
  listensOn(interfaceName: string): boolean;
  /**
   * Calls `onAdvert` at once with each advert on the interface, until the subscription is closed. Until then `guarded` is
   * asked for, too, and each answer is a frame for `onFrame`.
   *
   * A loss of members' adverts starts the subscription again. With `guarded`, if any neighbour may own the address, a
   * loss of any neighbour's adverts does, too.
   */
  subscribe(
    interfaceName: string,
    onAdvert: (advert: Advert) => void,
    guarded?: GuardedAddress,
  ): AdvertSubscription;
  /**
   * Has each frame on the interface reported without the pause in which the frames of a burst are gathered, until it is
   * closed: for a time that is measured in ms. A flood costs CPU time meanwhile, so close it soon.
   */
  hurry(interfaceName: string): Pick<AdvertSubscription, "close">;
  /** Replaces what the sentinel captures. */
  setCapture(capture: SentinelCapture): void;
  /** Sets the addresses that other members may send from. */
  setMembers(addresses: ReadonlySet<string>): void;
  /** Sends a packet on the interface once. */
  send(interfaceName: string, packet: LinkPacket): void;
  /** Tells the neighbours that these addresses are this host's, in this order. */
  announce(link: AnnouncingLink, addresses: readonly string[]): void;
}

/** What the sentinel captures. Each frame is reported as usual while anything is subscribed to. */
export interface SentinelCapture {
  readonly targets: readonly CaptureTarget[];
  /** Frames that need not be reported again. */
  readonly knownFrames: readonly string[];
  /** Frames that go to `onRareFrame` instead, at most every 5 s: they bring no news, and cost little. */
  readonly rareFrames: readonly string[];
  readonly onRareFrame: (text: string) => void;
}

/** The interface that has the announced addresses. */
export interface AnnouncingLink {
  readonly name: string;
  readonly mac: string;
}

export interface WireOptions {
  readonly onFrame: (frame: WireFrame) => void;
  /** A subscription began or ceased to receive adverts. */
  readonly onState: () => void;
  readonly companions: readonly ListenerCompanion[];
  readonly log: Logger;
  readonly signal: AbortSignal;
}

interface Subscriber extends WantedInterface {
  readonly onAdvert: (advert: Advert) => void;
  readonly pace: Pace;
  sinceMs: number | undefined;
}

const NO_CAPTURE: SentinelCapture = {
  targets: [],
  knownFrames: [],
  rareFrames: [],
  onRareFrame: () => undefined,
};

/** Listens until the signal aborts. */
export function openWire({ onFrame, onState, companions, log, signal }: WireOptions): Wire {
  const subscribers = new Set<Subscriber>();
  let capture: SentinelCapture = NO_CAPTURE;
  let rareTexts: ReadonlySet<string> = new Set();
  let members: readonly string[] = [];

  const takeFrame = (text: string, receivedMs: number | undefined) => {
    if (subscribers.size === 0 && rareTexts.has(text)) return capture.onRareFrame(text);
    const frame = parseFrame(text);
    if (frame === undefined) return;
    const { advert } = frame;
    for (const one of subscribers) if (advert && one.interface === frame.interface) one.onAdvert(advert);
    onFrame({ ...frame, receivedMs });
  };
  const updateSubscribers = () => {
    for (const one of subscribers) {
      if (!listener.listeningOn.has(one.interface)) one.sinceMs = undefined;
      else if (listener.isPlanInForce) one.sinceMs ??= performance.now();
    }
    if (subscribers.size > 0) onState();
  };
  const takeLoss = (loss: Loss) => {
    for (const one of subscribers)
      if (one.sinceMs !== undefined && mayHaveMissed(one, loss, members)) one.sinceMs = performance.now();
  };
  const listener = openWireListener({
    log,
    signal,
    companions,
    onFrame: takeFrame,
    onState: updateSubscribers,
    onLost: takeLoss,
  });
  /** While anything is subscribed to, every frame is printed, and at once. */
  const setPlan = () => {
    const all = [...subscribers];
    listener.setPlan({
      targets: mergeTargets(capture.targets, all),
      members,
      knownFrames: all.length > 0 ? [] : capture.knownFrames,
      rareFrames: all.length > 0 ? [] : [...rareTexts],
      pace: paceFor(all),
    });
  };
  const add = (subscriber: Subscriber) => {
    subscribers.add(subscriber);
    setPlan();
    return () => {
      if (subscribers.delete(subscriber)) setPlan();
    };
  };

  return {
    listensOn: (interfaceName) => listener.listeningOn.has(interfaceName),
    subscribe: (interfaceName, onAdvert, guarded) => {
      const subscriber: Subscriber = {
        interface: interfaceName,
        onAdvert,
        guarded,
        pace: "immediate",
        sinceMs: undefined,
      };
      const close = add(subscriber);
      return {
        get sinceMs() {
          const { readingSinceMs } = listener;
          if (subscriber.sinceMs === undefined || readingSinceMs === undefined) return undefined;
          return Math.max(subscriber.sinceMs, readingSinceMs);
        },
        get untilMs() {
          return listener.readUntilMs;
        },
        close,
      };
    },
    hurry: (interfaceName) => ({
      close: add({
        interface: interfaceName,
        onAdvert: () => undefined,
        guarded: undefined,
        pace: "hurried",
        sinceMs: undefined,
      }),
    }),
    setCapture: (next) => {
      [capture, rareTexts] = [next, new Set(next.rareFrames)];
      setPlan();
    },
    setMembers: (addresses) => {
      const next = [...addresses].toSorted();
      if (next.join() === members.join()) return;
      members = next;
      setPlan();
    },
    send: (interfaceName, packet) => listener.announce(interfaceName, [packet]),
    announce: ({ name, mac }, addresses) => {
      const isRouter = addresses.some(isIpv6) && isForwardingIpv6(name);
      listener.announce(
        name,
        addresses.map((address) => addressAnnouncement(address, mac, isRouter)),
      );
    },
  };
}

/** As fast as the fastest subscriber needs. */
function paceFor(subscribers: readonly Subscriber[]): Pace {
  if (subscribers.some(({ pace }) => pace === "hurried")) return "hurried";
  return subscribers.length > 0 ? "immediate" : "quiet";
}

/** False where IPv6 is off. */
function isForwardingIpv6(interfaceName: string): boolean {
  try {
    return readFileSync(`/proc/sys/net/ipv6/conf/${interfaceName}/forwarding`, "utf8").trim() !== "0";
  } catch {
    return false;
  }
}
