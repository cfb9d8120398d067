/** The one listener on the wire, for all who want to hear: the sentinel always, planned changes as long as they last. */
import type { Logger } from "pino";
import type { Advert } from "../../vrrp/advert.ts";
import type { WireWish } from "../capture-plan.ts";
import { parseFrame, type WireFrame } from "../frame.ts";
import type { Listener } from "../subscription.ts";
import { openWire } from "./listener.ts";

export interface WireHub {
  /** Tells each advert on the interface at once, until it is closed. */
  listen(interfaceName: string, onAdvert: (advert: Advert) => void): Listener;
  /** What the sentinel wants to hear, and the frames that it knows. */
  guard(wishes: readonly WireWish[], muted: readonly string[]): void;
}

export interface WireHubOptions {
  readonly onFrame: (frame: WireFrame) => void;
  /** Hearing came or went. */
  readonly onState: () => void;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

interface Ear {
  readonly interface: string;
  readonly onAdvert: (advert: Advert) => void;
  sinceMs: number | undefined;
}

/** Listens until the signal aborts. */
export function openWireHub({ onFrame, onState, log, signal }: WireHubOptions): WireHub {
  const ears = new Set<Ear>();
  let wishes: readonly WireWish[] = [];
  let muted: readonly string[] = [];

  const take = (text: string) => {
    const frame = parseFrame(text);
    if (frame === undefined) return;
    const { advert } = frame;
    for (const ear of ears) if (advert && ear.interface === frame.interface) ear.onAdvert(advert);
    onFrame(frame);
  };
  const wire = openWire({
    log,
    signal,
    onFrame: take,
    onState: () => {
      for (const ear of ears) {
        if (!wire.heard.has(ear.interface)) ear.sinceMs = undefined;
        else if (wire.isFollowed) ear.sinceMs ??= performance.now();
      }
      if (ears.size > 0) onState();
    },
  });
  const follow = () => {
    const guarded = new Set(wishes.map((wish) => wish.interface));
    const others = new Set([...ears].map((ear) => ear.interface)).difference(guarded);
    const plain = [...others].map((name) => ({ interface: name, mac: undefined, guarded: [] }));
    const isPrompt = ears.size > 0;
    wire.follow({ wishes: [...wishes, ...plain], muted: isPrompt ? [] : muted, isPrompt });
  };

  return {
    listen: (interfaceName, onAdvert) => {
      const ear: Ear = { interface: interfaceName, onAdvert, sinceMs: undefined };
      ears.add(ear);
      follow();
      return {
        get sinceMs() {
          return ear.sinceMs;
        },
        close: () => {
          if (ears.delete(ear)) follow();
        },
      };
    },
    guard: (nextWishes, nextMuted) => {
      [wishes, muted] = [nextWishes, nextMuted];
      follow();
    },
  };
}
