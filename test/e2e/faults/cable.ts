/** A cable that does not hold: plugged and unplugged over and over. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Host } from "../lab/host.ts";

export interface Flapping {
  readonly times: number;
  /** From one loss of the link to the next; half of it without a link. */
  readonly periodMs: number;
}

/** Unplugs the host's cable at the switch `times` times; it is plugged in when this resolves. */
export async function flapLink(host: Host, { times, periodMs }: Flapping): Promise<void> {
  for (let flap = 0; flap < times; flap += 1) {
    await host.setLink("down", "switch");
    await sleep(periodMs / 2);
    await host.setLink("up", "switch");
    await sleep(periodMs / 2);
  }
}
