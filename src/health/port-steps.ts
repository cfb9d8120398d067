/** The operator's next step for each reason that the port check gives, or the check of what is behind a port. */
import type { DetailedPortsVerdict, PortVerdict } from "../ports/published-ports.ts";
import { type BehindPort, isTroubled, type PathView, type TargetView } from "./target-view.ts";

type PortCheckReason = PortVerdict["reason"] | TargetView["reason"] | PathView["reason"];

/** Undefined where nothing is wrong. The table in docs/use/port-check.md is tested against it. */
export const PORT_STEPS: Readonly<Record<PortCheckReason, string | undefined>> = {
  dnat: undefined,
  "chain-missing":
    "Start Rancher's `network-manager` on this host (stack `network-services`): it makes the chain. If it runs, set IPTABLES_BACKEND to the iptables that it uses.",
  "port-not-published":
    "Look in Rancher whether the service that publishes the port has a running container on this host.",
  "published-on-other-address":
    "Publish the port in Rancher without an address. If clients use the named address, set CHECK_IP to it.",
  "chain-not-hooked":
    "Remove or change the named rule. If none is named, restart Rancher's `network-manager` on this host: it sets the jump to its chain.",
  "ipv6-not-judged": "Set CHECK_TCP to the service behind the VIP, so that something is checked.",
  "table-incompatible":
    "Install nft beside the agent, as its image does. If it is there, move the rules that iptables cannot read to a table of their own.",
  "iptables-unusable":
    "Run `iptables -t nat -S` in the agent's container, and install what it lacks. Or set IPTABLES_BACKEND to the iptables that Rancher uses.",
  "iptables-busy": "Run the check again. If this stays, find what changes the rules all the time.",
  timeout: "Check the load of the host (`uptime`), or raise CHECK_TIMEOUT.",
  "target-accepts": undefined,
  "target-failed":
    "Look at the container behind the port (`docker ps`): whether it runs, and whether its program listens on the named port.",
  "target-reachable": undefined,
  "target-not-tried": undefined,
  open: undefined,
  "not-forwarded": undefined,
  "forwarding-off": "Set the named setting to 1 (`sysctl -w`).",
  "no-route": "Restart Docker, then Rancher's network services, on this host.",
  "forward-dropped":
    "Accept the packet in FORWARD, or restart Docker, then Rancher's network services, which set such rules.",
};

/** The step for what decides the verdict, else for the first target that fails. A closed path's detail has its step. */
export function portStep(
  { verdict, reason }: Pick<DetailedPortsVerdict, "verdict" | "reason">,
  behind: readonly (BehindPort | undefined)[],
): string | undefined {
  if (verdict !== "healthy") return PORT_STEPS[reason];
  const troubled = behind.find((port) => port !== undefined && isTroubled(port));
  const isClosed = troubled?.path !== undefined && PORT_STEPS[troubled.path.reason] !== undefined;
  return troubled === undefined || isClosed ? undefined : PORT_STEPS[troubled.target.reason];
}
