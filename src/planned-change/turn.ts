/** The course of one group's planned change on this host: when it begins, what it leads to, and each step of it. */
import type { Instance } from "../vrrp/instance.ts";
import type { Hearing } from "../vrrp/obeyed-advert.ts";
import { isSameGroup } from "../vrrp/same-group.ts";
import type { ChangeState } from "./change-state.ts";
import {
  beginChange,
  distinctGroups,
  isHeldBack,
  joinFormerGroups,
  type PlannedChange,
  redirectChange,
} from "./planned-change.ts";
import { mayHaveChanged } from "./remembered.ts";
import { isInElection, nextStep, type Step } from "./step.ts";

/** What this host knows of a group before its next step. */
export interface GroupCourse {
  /** What keepalived of this host runs, or ran last, with the advert interval of its owner if that is longer. */
  readonly from: Instance;
  readonly to: Instance;
  /** What an earlier run of the agent remembered. */
  readonly remembered: readonly Instance[];
  /** What members were heard to run when this run of the agent began. */
  readonly found: readonly Instance[];
}

/** The change that the group is in, begun or led on as needed. Undefined if all hosts run what is wanted, as far as is known. */
export function changeTowards(
  change: PlannedChange | undefined,
  { from, to, remembered, found }: GroupCourse,
  nowMs: number,
): PlannedChange | undefined {
  if (change !== undefined) {
    redirectChange(change, to, from, nowMs);
    joinFormerGroups(change, found);
    return change.formerGroups.length === 0 ? undefined : change;
  }
  const others = [...remembered, ...found].filter((former) => mayHaveChanged(former, to));
  const own = isSameGroup(from, to) ? [] : [from];
  const formerGroups = distinctGroups([...others, ...own]);
  return formerGroups.length === 0 ? undefined : beginChange(to, formerGroups, others.length > 0, nowMs);
}

/** This host at the time of a step. */
export interface HostNow {
  readonly from: Instance;
  readonly isOwner: boolean;
  /** Whether this host can ask who has a VIP of both the former groups and the new one. */
  readonly canAsk?: boolean;
  /** Whether the interface and the source of `from` still exist. */
  readonly canStay: boolean;
  /** The address that this host sends from in the new group, as far as it knows. */
  readonly source?: string | undefined;
  /** Whether the other hosts know this one by another address than its source. */
  readonly isListedElsewhere: boolean;
  readonly listeningSinceMs: number | undefined;
  /** Up to when everything that came was heard. Undefined where it is always up to now. */
  readonly heardUntilMs?: number | undefined;
  readonly hearing: Hearing;
  /** What its other groups are and were. */
  readonly otherGroups: readonly Instance[];
}

/** Takes the next step of the change, and notes what this host is now and what it does. */
export function takeTurn(change: PlannedChange, host: HostNow, nowMs: number): Step {
  const observed = observeHost(change, host, nowMs);
  const step = nextStep(stateOf(observed, host), nowMs);
  Object.assign(change, observed, { progress: { ...step, wasOwner: host.isOwner } });
  return step;
}

/** The change with what this host is now. */
function observeHost(change: PlannedChange, host: HostNow, nowMs: number): PlannedChange {
  // until the other hosts know this host's source, adverts to another of its addresses say nothing about the change
  const isUnknown = host.isListedElsewhere || change.listedElsewhere === "now";
  const listedElsewhere = host.isListedElsewhere ? "now" : change.listedElsewhere && "before";
  return {
    ...change,
    ...(isUnknown && { sinceMs: nowMs, sourceSinceMs: nowMs, heard: {} }),
    ...(listedElsewhere && { listedElsewhere }),
    hearing: host.hearing,
    otherGroups: host.otherGroups,
    deafSinceMs: host.listeningSinceMs === undefined ? (change.deafSinceMs ?? nowMs) : undefined,
  };
}

/** What the next step follows from. */
function stateOf(change: PlannedChange, host: HostNow): ChangeState {
  const { isOwner, canAsk = false, canStay, source, listeningSinceMs, heardUntilMs, hearing } = host;
  // an election ends with the run of the agent that held it: the host elected then has released the VIPs
  const isNewRun = change.progress.phase === "begun";
  const from = isNewRun && isInElection(host.from, change.to) ? change.to : host.from;
  const { newOwnerMs, ...others } = change.heard;
  // an owner may still send to this host's earlier address, and stop just before it learns of the right one
  const counts = change.listedElsewhere === undefined && newOwnerMs !== undefined;
  const heard = { ...others, ...(counts && { newOwnerMs }), listeningSinceMs, heardUntilMs };
  const { ownAddresses } = hearing;
  return {
    ...change,
    from,
    isOwner,
    isHeld: isHeldBack(change),
    canAsk,
    canStay,
    source,
    ownAddresses,
    heard,
  };
}
