/** Derives the problems of the host from facts about it, each with its fix. */

import { AgentError } from "../errors.ts";
import type { FilterRead } from "../iptables/table-read.ts";
import type { InstanceStatus } from "../keepalived/instance-status.ts";
import type { Route } from "../network/ip-json.ts";
import type { Capability } from "../system/capabilities.ts";
import { judgeNetwork, type NetworkSigns } from "./container-network.ts";
import { judgeKeepalivedVersion } from "./keepalived-version.ts";
import { findBlockedAdverts } from "./vrrp-blocked.ts";

/** Without NET_RAW keepalived does not run. Without NET_ADMIN it may be owner without having the VIP. */
const NEEDED_CAPABILITIES = ["NET_ADMIN", "NET_RAW"] as const satisfies Capability[];

/** keepalived cannot be started without these. */
export const NEEDED_PROGRAMS = ["keepalived", "setpriv"] as const;

/**
 * The error that must keep the agent from starting. Without NET_ADMIN keepalived would take the VIP from the other hosts by
 * its adverts, and could not add it to an interface.
 *
 * @returns CAPABILITY_MISSING or PROGRAM_MISSING; undefined where the agent can start.
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
  /** Undefined where the network could not be read. */
  readonly signs: NetworkSigns | undefined;
  /** Route to the metadata service; undefined where it answers, is off, or METADATA_URL has a name. */
  readonly metadataRoute: { readonly address: string; readonly route: Route } | undefined;
  readonly filters: readonly FilterRead[];
  readonly groups: readonly InstanceStatus[];
  /** `the table of tracked connections is full`; undefined where it is not. */
  readonly fullTable: string | undefined;
  readonly hasPortCheck: boolean;
  readonly iptablesBackend: "auto" | "nft" | "legacy";
}

/** The problems that an operator must fix. */
export function judgeHost(facts: HostFacts): AgentError[] {
  const findings = [
    judgeKeepalivedVersion(facts.keepalivedVersion),
    judgePrograms(facts),
    facts.signs && judgeNetwork(facts.signs),
    judgeMetadataRoute(facts),
    ...findBlockedAdverts(facts.groups, facts.filters),
    facts.fullTable === undefined ? undefined : new AgentError("CONNTRACK_FULL", facts.fullTable),
    judgeIptables(facts),
  ];
  return findings.filter((finding) => finding !== undefined);
}

function judgePrograms({ missingPrograms }: HostFacts): AgentError | undefined {
  if (!missingPrograms.includes("ip")) return undefined;
  return new AgentError("PROGRAM_MISSING", "ip (iproute2) cannot be found on the PATH");
}

/** The address of Rancher's metadata service is link-local, so a gateway cannot reach it. */
function judgeMetadataRoute({ metadataRoute }: HostFacts): AgentError | undefined {
  if (metadataRoute === undefined) return undefined;
  const { address, route } = metadataRoute;
  if (route.kind === "none") {
    return new AgentError("METADATA_UNROUTED", `there is no route to the metadata service (${address})`);
  }
  if (route.kind !== "gateway" || !address.startsWith("169.254.")) return undefined;
  const message = `the route to the metadata service (${address}) leads to the gateway ${route.gateway}: Rancher's own route is missing`;
  return new AgentError("METADATA_UNROUTED", message);
}

/** A problem only where no backend in question can be read: one backend is in use, the other need not be installed. */
function judgeIptables(facts: HostFacts): AgentError | undefined {
  const { filters, hasPortCheck, iptablesBackend } = facts;
  if (!hasPortCheck) return undefined;
  const candidates = filters.filter(
    ({ family, backend }) => family === "ipv4" && (iptablesBackend === "auto" || iptablesBackend === backend),
  );
  if (candidates.some(({ read }) => read.kind === "table")) return undefined;
  const failures = candidates.flatMap(({ backend, read }) =>
    read.kind === "error" && read.reason === "iptables-unusable" ? `${backend}: ${read.detail ?? ""}` : [],
  );
  if (failures.length === 0) return undefined;
  return new AgentError(
    "IPTABLES_UNUSABLE",
    `a port check is set, but no iptables rules can be read (${failures.join("; ")})`,
  );
}
