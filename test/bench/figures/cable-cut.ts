import type { Cut } from "../../e2e/lab/machine.ts";
import type { Fault } from "../failover.ts";
import { openFailover } from "../failover.ts";
import type { Figure } from "../figure.ts";
import { agentWay, baselineWay } from "../way.ts";

/** As keepalived alone does it: nobody asks the owner's kernel. */
const WAITING = agentWay({ OWNER_PROBE: "off" });
/** The rest of an interval is up to 0.2 s of some 0.25: chance decides most of the value. */
const MIN_ROUNDS = 15;
/** The baseline's. It is a multiple of the others. */
const LONGEST_INTERVAL_MS = 1_000;
/** Down to 0.05 s may be set; below 0.1 s the agent advises against it. */
const FAST = agentWay({ ADVERT_INTERVAL: "0.05" });

function cableCut(name: string, cut: Cut, words: { readonly title: string; readonly how: string }): Figure {
  const fault: Fault = {
    harm: (owner) => owner.setLink("down", cut),
    heal: (owner) => owner.setLink("up", cut),
    // a host that has taken a group over by questions does not do so again within 10 s
    settleMs: 11_000,
    phaseMs: LONGEST_INTERVAL_MS,
  };
  return {
    name,
    unit: "ms",
    ...words,
    contenders: [
      {
        name: "agent",
        open: () => openFailover(agentWay(), fault),
        target: { atMost: 150, ratio: 1 / 15 },
        minRounds: MIN_ROUNDS,
      },
      {
        name: "agent, OWNER_PROBE off",
        open: () => openFailover(WAITING, fault),
        target: { atMost: 700, ratio: 1 / 5 },
      },
      {
        name: "agent, ADVERT_INTERVAL 0.05",
        open: () => openFailover(FAST, fault),
        target: { atMost: 100, ratio: 1 / 25 },
      },
      { name: "baseline", open: () => openFailover(baselineWay(), fault), maxRounds: 5 },
    ],
  };
}

export const CABLE_CUT: readonly Figure[] = [
  cableCut("link-down", "switch", {
    title: "Link of the owner down: the client's silence",
    how: "Three hosts. The owner's port at the switch goes down, so it loses its carrier. Nobody hears of it: its advert is late, and it does not answer. With OWNER_PROBE off the others wait for three adverts that do not come.",
  }),
  cableCut("host-dead", "wire", {
    title: "Owner dead: the client's silence",
    how: "Three hosts. From one moment on no packet of the owner arrives anywhere, as when it loses power.",
  }),
];
