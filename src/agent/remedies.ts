/** Applies the remedy that ends a contradiction between keepalived's states and the kernel's addresses. */
import type { Keepalived } from "../keepalived/io/keepalived.ts";
import type { Remedy } from "../status/contradiction.ts";
import type { RefusedVips } from "../status/io/refused-vips.ts";

export interface RemediesOptions {
  readonly keepalived: Keepalived;
  readonly refusedVips: RefusedVips;
}

/** @returns what applies a remedy. It never rejects. */
export function createRemedies({ keepalived, refusedVips }: RemediesOptions) {
  return async (remedy: Remedy): Promise<void> => {
    switch (remedy.kind) {
      case "remove":
        return keepalived.removeVips(remedy.addresses);
      case "reload":
        return keepalived.reread(remedy.why);
      case "replace":
        return keepalived.restart(remedy.why, remedy.how);
      case "hold":
        return refusedVips.hold(remedy.group, remedy.vip);
    }
  };
}
