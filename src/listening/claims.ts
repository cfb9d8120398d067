/** Claims of other machines on a group that begins on this host: a machine seems to own the VIPs, or to be about to. */
import { hostText } from "../text/host-text.ts";
import { type AddressAnswer, twinAhead } from "./answers.ts";
import type { Heard, ListenerView } from "./heard.ts";
import { type AnsweringHost, type StillHeard, stillHeard } from "./still-heard.ts";

/** Longer than an owner needs in a planned change until it runs the group as this host does. */
export const LONGEST_LISTEN_MS = 15_000;

/**
 * Why the VIPs have an owner as long as the claim goes on. `nothing`: they may have none. `answers`: one machine answers for
 * them and for a host's address, as a router may. `proven`: the owner's own adverts or hello say so, too.
 */
export type Backing = "nothing" | "answers" | "proven";

/** A member whose answers show that it owns the VIPs, or the machine that this host is mistaken for. */
export type AnsweringOwner = Pick<AddressAnswer, "address" | "mac">;

export interface Claim {
  readonly reason: string;
  /** Where its adverts come from. Undefined where only answers were heard. */
  readonly source?: string;
  readonly owner?: AnsweringOwner;
  /** The owner answered for its own address, and not yet for the VIP: its hello would tell whether it has that. */
  readonly isLate?: boolean;
  /** The machine is gone at this time unless it is heard again. */
  readonly goneMs: number;
  readonly backing: Backing;
}

/** What a rule judges. */
interface Evidence extends StillHeard {
  readonly vip: string;
  readonly beganMs: number;
  readonly listener: ListenerView;
  readonly nowMs: number;
}

type FindClaim = (evidence: Evidence) => Claim | undefined;

/** The strongest rule first: of two machines, the one with more proof counts. */
const CLAIMS: readonly FindClaim[] = [
  unknownStranger,
  greetingOwner,
  answeringOwner,
  anyStranger,
  vipAnswer,
  twinOfThisHost,
];

/** The strongest claim. */
export function claimOfOther(heard: Heard, listener: ListenerView, nowMs: number): Claim | undefined {
  const { instance, beganMs } = heard;
  const still = stillHeard(heard, listener, nowMs);
  const evidence = { ...still, vip: instance.firstVip.address, beganMs, listener, nowMs };
  for (const find of CLAIMS) {
    const claim = find(evidence);
    if (claim !== undefined) return claim;
  }
  return undefined;
}

/** Adverts and answers together, where metadata does not tell who sends the adverts. */
function unknownStranger({ strangers, listener, ...evidence }: Evidence): Claim | undefined {
  const stranger = strangers.find(({ source }) => listener.isHost(source) === undefined);
  const answer = answerForVip(evidence);
  if (stranger === undefined || answer === undefined || listener.sinceMs === undefined) return undefined;
  const goneMs = Math.min(stranger.goneMs, answer.goneMs);
  return { ...claimOfStranger(stranger), goneMs, backing: "proven" };
}

/** A host that answers for the VIP and says hello as its owner. */
function greetingOwner({ hosts, listener }: Evidence): Claim | undefined {
  const host = hosts.find(({ saidSo }) => saidSo);
  if (host === undefined || listener.sinceMs === undefined) return undefined;
  return { ...claimOfHost(host, listener), backing: "proven" };
}

/** A host that answers for the VIP. */
function answeringOwner({ hosts: [host], listener }: Evidence): Claim | undefined {
  return host && claimOfHost(host, listener);
}

function anyStranger({ strangers: [stranger] }: Evidence): Claim | undefined {
  return stranger && claimOfStranger(stranger);
}

/** A machine that answers for the VIP, and that nothing else is known of. */
function vipAnswer(evidence: Evidence): Claim | undefined {
  const answer = answerForVip(evidence);
  if (answer === undefined) return undefined;
  const reason = `${answer.mac} answers for ${evidence.vip} and sends no adverts that this host accepts`;
  return { reason, goneMs: answer.goneMs, backing: "nothing" };
}

/**
 * A machine that has this host's address may be about to own the VIPs. This host waits until then, and no longer. A gateway
 * with that address is no such machine.
 */
function twinOfThisHost({ answers, beganMs, listener, nowMs }: Evidence): Claim | undefined {
  const ofHosts = answers.filter(({ mac }) => listener.roleOf(mac) === "host");
  const twin = twinAhead(ofHosts, listener.own);
  if (twin === undefined || nowMs >= beganMs + LONGEST_LISTEN_MS) return undefined;
  const reason = `${twin.mac} has ${twin.address}, which metadata lists for this host, and comes first`;
  return { reason, goneMs: twin.goneMs, backing: "nothing" };
}

/** The last answer for the VIP. */
function answerForVip({ answers, vip }: Pick<Evidence, "answers" | "vip">) {
  return answers.findLast(({ address }) => address === vip);
}

function claimOfStranger({ source, goneMs }: StillHeard["strangers"][number]): Claim {
  const reason = `${source} owns the virtual IPs, and this host does not know yet which host that is`;
  return { source, reason, goneMs, backing: "nothing" };
}

/** The claim of a member, or of the machine that this host is mistaken for. */
function claimOfHost(
  { forVip, forOwn: { address, mac, ...forOwn } }: AnsweringHost,
  listener: ListenerView,
): Claim {
  const reason = listener.own.addresses.includes(address)
    ? `${mac} owns the virtual IPs and has ${address}, which metadata lists for this host`
    : `${hostText(address, listener.nameOf?.(address))} owns the virtual IPs and sends this host no adverts: its metadata may not list this host`;
  return {
    reason,
    owner: { address, mac },
    isLate: forOwn.atMs > forVip.atMs + listener.roundMs,
    goneMs: Math.min(forVip.goneMs, forOwn.goneMs),
    backing: listener.sinceMs === undefined ? "nothing" : "answers",
  };
}
