import type { Fault } from "../failover.ts";
import { openFailover } from "../failover.ts";
import type { Figure } from "../figure.ts";
import { agentWay, baselineWay } from "../way.ts";

const STOP: Fault = {
  harm: (owner) => owner.stopAgent(),
  heal: (owner, way) => way.start(owner),
  settleMs: 3_000,
};

export const OWNER_STOPPED: Figure = {
  name: "owner-stopped",
  title: "Owner stopped (SIGTERM): the client's silence",
  unit: "ms",
  how: "Three hosts. The container that owns the VIP gets SIGTERM, as from `docker stop`. Measured is the longest time without an answer at the client.",
  contenders: [
    { name: "agent", open: () => openFailover(agentWay(), STOP), target: { atMost: 30, ratio: 1 / 10 } },
    { name: "baseline", open: () => openFailover(baselineWay(), STOP) },
  ],
};
