/** What is wrong with the surroundings of the agent, each with its fix: facts in, findings out. */

import { AgentError } from "../errors.ts";
import type { FilterRead } from "../iptables/table-read.ts";
import type { InstanceStatus } from "../keepalived/instance-status.ts";
import type { Route } from "../network/ip-json.ts";
import type { Capability } from "./capabilities.ts";
import { judgeNetwork, type NetworkSigns } from "./container-network.ts";
import { judgeKeepalivedVersion } from "./keepalived-version.ts";
import { findBlockedAdverts } from "./vrrp-blocked.ts";

/** Without these no keepalived runs, or one that is owner without the VIP. */
const NEEDED_CAPABILITIES = ["NET_ADMIN", "NET_RAW"] as const satisfies Capability[];

/** Without these keepalived cannot be started. */
export const NEEDED_PROGRAMS = ["keepalived", "setpriv"] as const;

/**
 * Why nothing can work here, whatever may still change. Without NET_ADMIN keepalived takes the VIP from the others, by
 * adverts, and cannot put it on an interface: so such an agent must not start.
 */
export function judgeRequirements(facts: {
  readonly missingCapabilities: readonly Capability[];
  readonly missingPrograms: readonly string[];
}): AgentError | undefined {
  const capabilities = NEEDED_CAPABILITIES.filter((name) => facts.missingCapabilities.includes(name));
  if (capabilities.length > 0) {
    return new AgentError("CAPABILITY_MISSING", `the agent runs without ${capabilities.join(" and ")}`);
  }
  const programs = NEEDED_PROGRAMS.filter((name) => facts.missingPrograms.includes(name));
  if (programs.length === 0) return undefined;
  return new AgentError("PROGRAM_MISSING", `${programs.join(" and ")} cannot be found on the PATH`);
}

export interface HostFacts {
  readonly keepalivedVersion: string | undefined;
  readonly missingPrograms: readonly string[];
  /** Undefined where the network cannot be read. */
  readonly signs: NetworkSigns | undefined;
  /** To the metadata service; undefined where it answers, is not wanted, or has a name instead of an address. */
  readonly metadataRoute: { readonly address: string; readonly route: Route } | undefined;
  readonly filters: readonly FilterRead[];
  readonly groups: readonly InstanceStatus[];
  readonly hasPortCheck: boolean;
  readonly iptablesBackend: "auto" | "nft" | "legacy";
}

/** What an operator must mend. */
export function judgeHost(facts: HostFacts): AgentError[] {
  const findings = [
    judgeKeepalivedVersion(facts.keepalivedVersion),
    judgePrograms(facts),
    facts.signs && judgeNetwork(facts.signs),
    judgeMetadataRoute(facts),
    ...findBlockedAdverts(facts.groups, facts.filters),
    judgeIptables(facts),
  ];
  return findings.filter((finding) => finding !== undefined);
}

function judgePrograms({ missingPrograms }: HostFacts): AgentError | undefined {
  if (!missingPrograms.includes("ip")) return undefined;
  return new AgentError("PROGRAM_MISSING", "ip (iproute2) cannot be found on the PATH");
}

/** Rancher's own address is link-local: a gateway does not know it. */
function judgeMetadataRoute({ metadataRoute }: HostFacts): AgentError | undefined {
  if (metadataRoute === undefined) return undefined;
  const { address, route } = metadataRoute;
  if (route.kind === "none") {
    return new AgentError("METADATA_UNROUTED", `there is no route to ${address}, the metadata service`);
  }
  if (route.kind !== "gateway" || !address.startsWith("169.254.")) return undefined;
  const message = `what is sent to the metadata service, ${address}, goes to the gateway ${route.gateway}: Rancher's route is not there`;
  return new AgentError("METADATA_UNROUTED", message);
}

/** Only where no backend that counts can be read: one of them is in use, and the other one need not be installed. */
function judgeIptables(facts: HostFacts): AgentError | undefined {
  const { filters, hasPortCheck, iptablesBackend } = facts;
  if (!hasPortCheck) return undefined;
  const counting = filters.filter(
    ({ family, backend }) => family === "ipv4" && (iptablesBackend === "auto" || iptablesBackend === backend),
  );
  if (counting.some(({ read }) => read.kind === "table")) return undefined;
  const failures = counting.flatMap(({ backend, read }) =>
    read.kind === "error" && read.reason === "iptables-unusable" ? `${backend}: ${read.detail ?? ""}` : [],
  );
  if (failures.length === 0) return undefined;
  return new AgentError(
    "IPTABLES_UNUSABLE",
    `a port check is set, and no rules can be read (${failures.join("; ")})`,
  );
}
