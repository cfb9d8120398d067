/**
 * The cluster as this host sees it: the JSON of `GET /cluster` and of `status --all --json`.
 *
 * It is put together from three accounts: what each member's agent says of itself over HTTP, what Rancher's metadata says of
 * its host, and what this host hears on the wire. Nothing in it is authentic, and nothing that decides about a VIP reads it.
 */

import type { CheckStatus } from "../health/status.ts";
import type { MemberStatus } from "../metadata/member-status.ts";
import type { NoOwner, OwnerStatus } from "../status/owner.ts";

/** Every absent field is left out in JSON. Times are ISO 8601 in UTC. Texts from other hosts are not escaped. */
export interface Cluster {
  /** When it was put together. */
  readonly at: string;
  /** Uuid of the host whose agent answers; absent before metadata is read. */
  readonly self: string | undefined;
  /** This host first, then the others sorted naturally by name. */
  readonly members: readonly ClusterMember[];
  /**
   * The groups that this host has: those in trouble first (`bad`, then `warning`), then sorted naturally by name, web-2 before
   * web-11. A group that only others tell of is in their `members[].groups` alone: they may be strangers.
   */
  readonly groups: readonly ClusterGroup[];
  /** Whether each member answers and is well, and no group is in trouble. `status --all` exits with 0 exactly then. */
  readonly isWell: boolean;
}

/**
 * Whether a member's agent says how it is.
 *
 * `answers`: it does. `not-reachable`: there is no answer in time, or no server. `refused`: something answers that is not
 * taken for this member's agent: another host, another program, an answer too large or of the wrong shape.
 */
export type Reach = "answers" | "not-reachable" | "refused";

/** What is known of a member. `groups`, `problems` and `drained` are empty or false where it does not answer. */
export interface ClusterMember {
  readonly host: string;
  readonly uuid: string;
  /** Where it was asked, or its first address in metadata. */
  readonly address: string | undefined;
  readonly isSelf: boolean;
  readonly reach: Reach;
  /** One sentence, where it does not answer. */
  readonly why: string | undefined;
  /** True where its host is there and nothing listens at the port: HTTP_LISTEN there may be the default. Else absent. */
  readonly isClosed: true | undefined;
  /** When its answer arrived. */
  readonly asOf: string | undefined;
  /** `http://198.51.100.12:9650`: its page. Absent where it has no usable address; for this host too. */
  readonly url: string | undefined;
  readonly version: string | undefined;
  /** As its own `status` says it; absent where it does not answer. */
  readonly isWell: boolean | undefined;
  /** Whether any of its groups is drained there. */
  readonly drained: boolean;
  /** The answer is from its own memory of metadata: `live`, `last-good`, `off`, `none`. */
  readonly metadataSource: string | undefined;
  readonly problems: readonly MemberProblem[];
  readonly groups: readonly MemberGroup[];
  /** What this host's metadata says of it. Absent for this host. */
  readonly metadata: MemberStatus["presence"] | undefined;
  /** What this host hears of it. Absent where it owns no group, as backups say nothing. */
  readonly wire: { readonly owns: readonly string[]; readonly heardAt: string | undefined } | undefined;
}

/** A problem, a lasting contradiction or a suspected second owner, as the member's own `status` has it. */
export interface MemberProblem {
  /** `metadata`, `configuration`, ..., `contradiction` or `split-brain`. */
  readonly part: string;
  /** An error code, which the documentation of errors lists, or the cause of a suspicion. */
  readonly code: string | undefined;
  readonly message: string;
  readonly hint: string | undefined;
  readonly since: string;
}

/** A group as one member sees it. */
export interface MemberGroup {
  readonly name: string;
  /** `MASTER`, `BACKUP`, `FAULT`, ...; `INACTIVE` for a group whose settings were refused there. */
  readonly state: string;
  readonly since: string | undefined;
  readonly priority: number | undefined;
  readonly vips: readonly string[];
  readonly isHealthy: boolean | undefined;
  readonly drainedBy: string | undefined;
  readonly heldBy: string | undefined;
  readonly checks: readonly Omit<CheckStatus, "onset">[];
  /** Why it cannot own the VIPs now, in short clauses. Empty where it owns them or could. */
  readonly reasons: readonly string[];
  readonly owner: OwnerStatus | undefined;
  readonly noOwner: NoOwner | undefined;
}

/** A group over all members. */
export interface ClusterGroup {
  readonly name: string;
  /** Those that this host has for it. Where it does not run here, those of its owner, or else of any member. */
  readonly vips: readonly string[];
  /** Who owns it: by this host's own state and what it hears, else by what the members say of themselves. Absent: nobody known. */
  readonly owner: OwnerStatus | undefined;
  /** True where the owner is one of this host's peers in the group, as by UNICAST_PEERS. Else absent. */
  readonly isOwnerPeer: true | undefined;
  /** The peers of this host that no member is, as by UNICAST_PEERS: their agents are not asked. Absent where there is none. */
  readonly unlistedPeers: readonly string[] | undefined;
  /** Where no owner is known: since when, as a sentence. */
  readonly noOwner: NoOwner | undefined;
  /** Since when its owner owns it, by the owner's own word if that is known; else since when none is heard. */
  readonly since: string | undefined;
  /** The members that do not own it, those first that can take over. */
  readonly spares: readonly ClusterSpare[];
  readonly trouble: ClusterTrouble | undefined;
}

/** A member that could take a group over, or why not. */
export interface ClusterSpare {
  readonly host: string;
  readonly uuid: string;
  /** Only where the member answers, backs the group up, and says that nothing keeps the VIPs from it. */
  readonly canTakeOver: boolean;
  /** One clause. Absent exactly where it can. */
  readonly why: string | undefined;
  readonly priority: number | undefined;
}

/** `bad`: no owner, or more than one. `warning`: the next failure would leave the VIPs without an owner. */
export interface ClusterTrouble {
  readonly level: "bad" | "warning";
  /** One sentence. */
  readonly text: string;
}
