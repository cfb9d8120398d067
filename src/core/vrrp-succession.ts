/** What became of the owner before, by two accounts of keepalived: one of before this host became owner, one of after. */
import type { VrrpState } from "./vrrp-dump.ts";

/** `given-up`: it said so; `silent`: it was heard, and then not; `none-heard`: there was none, or none that is heard. */
export type Succession = "given-up" | "silent" | "none-heard";

export function successionOf(before: Pick<VrrpState, "stats">, after: Pick<VrrpState, "stats">): Succession {
  // a reload may begin to count anew
  const isAnew = countOf(after, "advert_rcvd") < countOf(before, "advert_rcvd");
  const grown = (counter: string) => countOf(after, counter) > (isAnew ? 0 : countOf(before, counter));
  if (grown("pri_zero_rcvd")) return "given-up";
  return grown("advert_rcvd") ? "silent" : "none-heard";
}

function countOf({ stats }: Pick<VrrpState, "stats">, counter: string): number {
  return stats[counter] ?? 0;
}
