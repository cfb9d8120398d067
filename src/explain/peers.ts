/** Explains a group's peers: each address, and the place that gave it. */
import type { DerivedInstance } from "../groups/derive-instance.ts";
import type { PeerReason } from "../groups/peers.ts";
import { addressSource, listMembers, listRestingMembers } from "../metadata/members.ts";
import type { Snapshot } from "../metadata/snapshot.ts";
import { describeSource } from "../settings/source.ts";
import type { GroupSettings } from "../settings/table.ts";
import type { Origin } from "./value.ts";

export interface ExplainedPeer {
  readonly address: string;
  /** Name of the peer's host in Rancher. Left out for an address that a setting gives. */
  readonly host?: string;
  readonly source: Origin;
  readonly reason: string;
}

/** The facts for the reasons. */
export interface PeerContext {
  readonly settings: GroupSettings;
  readonly snapshot: Snapshot;
  /** The setting PEER_REMOVAL_GRACE. */
  readonly graceSeconds: number;
}

/** One for each address of the instance's peers, in their order. Empty with multicast. */
export function explainPeers({ instance, reasons }: DerivedInstance, context: PeerContext): ExplainedPeer[] {
  const { unicast } = instance;
  if (unicast === undefined) return [];
  if (unicast.isAlone) {
    const reason = "this host's own address: it is alone, and keepalived takes an empty list for multicast";
    return [{ address: unicast.source, source: { kind: "derived", name: "UNICAST_PEERS" }, reason }];
  }
  return unicast.peers.map((address) => {
    const peerReasons = reasons.peers.filter((reason) => reason.address === address);
    const [first, ...others] = peerReasons.map((reason) => explainReason(reason, instance.name, context));
    // every peer has at least one reason
    const peer = first as ExplainedPeer;
    return { ...peer, reason: [peer, ...others].map(({ reason }) => reason).join("; ") };
  });
}

function explainReason(given: PeerReason, group: string, context: PeerContext): ExplainedPeer {
  const { address } = given;
  const { settings, snapshot, graceSeconds } = context;
  if (given.by === "setting") {
    const source = settings.unicastPeers?.source ?? ({ kind: "default", name: "UNICAST_PEERS" } as const);
    return { address, source, reason: `listed by ${describeSource(source)}` };
  }
  const { hostName, hostUuid } = given.member;
  const kept = `kept for PEER_REMOVAL_GRACE (${graceSeconds} s)`;
  const remembered = (reason: string): ExplainedPeer => {
    return { address, host: hostName, source: { kind: "memory", name: "last-good.json" }, reason };
  };
  if (given.by === "former") return remembered(`${hostName} had it until a moment ago: ${kept}`);
  const listed = [...listMembers(snapshot), ...listRestingMembers(snapshot)];
  const isListed = listed.some((member) => member.hostUuid === hostUuid);
  const host = snapshot.hosts.find(({ uuid }) => uuid === hostUuid);
  const name = host && addressSource(group, host);
  if (!isListed || name === undefined)
    return remembered(`${hostName} left metadata: ${kept}, and while it runs VRRP`);
  return name === "agent_ip"
    ? { address, host: hostName, source: { kind: "host", name }, reason: `${hostName}, its agent_ip` }
    : { address, host: hostName, source: { kind: "label", name }, reason: `${hostName}, its label ${name}` };
}
