/** A line of the listener about the questions to an owner, parsed. */
import { addressOf, bytesOfHex } from "../vrrp/packet.ts";

/** `key` is that of `probeKey`. */
export type ProbeReport =
  /** The owner is asked if its next advert is late. */
  | { readonly kind: "ready"; readonly key: string }
  | { readonly kind: "unready"; readonly key: string }
  | ({ readonly kind: "took"; readonly key: string } & UnansweredOwner)
  /** No other machine answered either, so this host may be the one that is cut off: it has done nothing. */
  | { readonly kind: "cut-off"; readonly key: string; readonly owner: string };

/** An owner that has not answered. */
export interface UnansweredOwner {
  readonly owner: string;
  readonly questions: number;
  readonly windowMs: number;
  /** Since its last advert. */
  readonly silenceMs: number;
  /** It answered for its own address all the while, but for no VIP: the kernel lives, and the container does not. */
  readonly hasAnsweredForItself: boolean;
}

/** @param text what follows the word `owner-probe`. */
export function parseProbeReport(text: string): ProbeReport | undefined {
  const [kind, key = "", hex = "", questions, windowMs, silenceMs, answered] = text.split(" ");
  const owner = addressOf(bytesOfHex(hex));
  switch (kind) {
    case "ready":
    case "unready":
      return { kind, key };
    case "cut-off":
      return { kind, key, owner };
    case "took":
      return {
        kind,
        key,
        owner,
        questions: Number(questions),
        windowMs: Number(windowMs),
        silenceMs: Number(silenceMs),
        hasAnsweredForItself: answered === "1",
      };
    default:
      return undefined;
  }
}
