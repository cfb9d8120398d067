/** What an instance makes its host serve. */
import type { Instance } from "./desired.ts";

/** All virtual IPs of an instance, canonical. */
export function vipsOf({ firstVip, excludedVips }: Instance): string[] {
  return [firstVip, ...excludedVips].map(({ address }) => address);
}
