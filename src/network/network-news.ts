/**
 * What the listener process tells of the kernel's announcements (src/wire/network-changes.pl), and what of it changes what
 * is derived from this host's network.
 */
import { canonicalAddress } from "./address.ts";

export type NetworkNews =
  /** An interface, or a default route of the main table. Or anything: some announcements were not told. */
  | { readonly kind: "network" }
  /** A route of which nothing is derived. */
  | { readonly kind: "other" }
  /** It is new on its interface, or differs from before. `isTentative`: it cannot send yet, or never. */
  | { readonly kind: "address"; readonly address: string; readonly isTentative: boolean }
  /** `isLapse`: by the kernel, at the end of its lifetime. */
  | { readonly kind: "removed"; readonly address: string; readonly isLapse: boolean };

/** What cannot be read counts as a change. */
export function parseNetworkNews(text: string): NetworkNews {
  const [word = "", shown = "", detail] = text.split(" ");
  if (word === "other") return { kind: word };
  const address = canonicalAddress(shown);
  if (address === undefined) return { kind: "network" };
  if (word === "address") return { kind: "address", address, isTentative: detail === "tentative" };
  if (word === "removed") return { kind: "removed", address, isLapse: detail === "lapsed" };
  return { kind: "network" };
}
