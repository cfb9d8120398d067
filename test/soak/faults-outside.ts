/** What a machine next door does that is no member. No VIP may move for it. */

import { sendForged } from "../e2e/lab/attacker.ts";
import type { ForgedAdvert } from "../e2e/lab/forged-advert.ts";
import { type Fault, UNNOTICED } from "./fault.ts";

/** An address of the hosts' network that no machine has. */
const STRANGER = "198.51.100.201";
/** Of the VIP: its last octet. */
const VRID = 100;
/** Adverts a second: ten times as many as an owner sends. */
const RATE = 50;

export const OUTSIDE_FAULTS: readonly Fault[] = [
  {
    name: "forged-adverts",
    areas: ["network", "members"],
    lasts: [1_000, 6_000],
    allowance: () => UNNOTICED,
    strike: async ({ fleet, host, durationMs }) => {
      const { hosts } = fleet.lab;
      const from = hosts.find((other) => other !== host) ?? host;
      const advert = { source: STRANGER, destination: host.address, virtualRouterId: VRID, vip: fleet.vip };
      const adverts: ForgedAdvert[] = [255, 0].map((priority) => ({ ...advert, priority }));
      const end = new AbortController();
      const count = Math.ceil((durationMs / 1_000) * RATE);
      const sent = sendForged(from.namespace, adverts, { count, rate: RATE, signal: end.signal });
      return async () => {
        end.abort();
        await sent;
      };
    },
  },
];
