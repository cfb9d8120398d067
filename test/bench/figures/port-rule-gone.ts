import type { IptablesBackend } from "../../e2e/lab/rancher-rules.ts";
import type { Fault } from "../failover.ts";
import { openFailover } from "../failover.ts";
import type { Figure, Target } from "../figure.ts";
import { agentWay, baselineWay } from "../way.ts";

const PUBLISHED = [
  { port: 80, protocol: "tcp" },
  { port: 80, protocol: "udp" },
] as const;

const RULES_LOST: Fault = {
  harm: (owner) => owner.publishPorts([]),
  heal: (owner) => owner.publishPorts(PUBLISHED),
  settleMs: 2_500,
};

/** The client asks by UDP, so the agent checks both protocols; the baseline's `grep` knows no protocol. */
function portRuleGone(backend: IptablesBackend, target: Target): Figure {
  const agent = agentWay({ CHECK_PORT: "80/udp,80" });
  return {
    name: `port-rule-gone-${backend}`,
    title: `Port rule gone on the owner, ${backend}: the client's silence`,
    unit: "ms",
    how: `Three hosts with Rancher's rules in iptables-${backend}. The owner's rules of the published port are removed, the way network-manager replaces them. Measured is the longest time without an answer at the client.`,
    contenders: [
      { name: "agent", open: () => openFailover(agent, RULES_LOST, backend), target },
      {
        name: "baseline",
        open: () => openFailover(baselineWay({ backend }), RULES_LOST, backend),
        maxRounds: 5,
      },
    ],
  };
}

export const PORT_RULE_GONE: readonly Figure[] = [
  portRuleGone("nft", { atMost: 500, ratio: 1 / 4 }),
  portRuleGone("legacy", { atMost: 700, ratio: 1 / 3 }),
];
