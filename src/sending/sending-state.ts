/**
 * Whether a group may own its VIPs on a host whose adverts cannot be sent, to all its peers or to some.
 *
 * It may until another host owns them: a living peer that hears nothing takes over, and a peer that is gone does not.
 * The other owner's adverts, or its answer for the first VIP, prove it. Then this host is held back, so that one owner
 * is left. If all hosts have the same fault, one of them still owns the VIPs.
 */
import { HIGHEST_PRIORITY, LOWEST_PRIORITY } from "../groups/shared-numbers.ts";

/** A held group is released once packets could be sent for this long, twice as long each time it fails again. */
const FIRST_RELEASE_MS = 3_000;
const LONGEST_RELEASE_MS = 60_000;
/** It is released after this time if no host answers for the VIP, because then it can do no harm. */
const UNOWNED_RELEASE_MS = 2_000;
/** A host that cannot send owns a VIP for which no host answered for this long. */
const NOBODY_ANSWERS_MS = 10_000;
/** The host of the highest priority is the first one, and the others hear its answer before their turn. */
const STAGGER_MS_PER_PRIORITY = 40;
/** Derived priorities lie close together, from 240 up. Each of them is this much longer apart. */
const MORE_MS_PER_DERIVED_PRIORITY = 110;
/** Of two owners that only answer, the one with the higher MAC waits this long for the other to give way. */
const GIVE_WAY_MS = 4_000;
/** Adverts are sent again if none failed for this long. */
const QUIET_MS = 10_000;
/** Failures that are further apart have nothing to do with each other. */
const FORGET_MS = 120_000;

/** Times are of one monotonic clock. */
export type SendingState = {
  /** How often it was held in a row. */
  readonly times: number;
  readonly sinceMs: number;
} & (
  | { readonly phase: "sending" }
  /** It may own the VIPs although adverts fail: no other owner is known. */
  | {
      readonly phase: "unheard";
      readonly failedAtMs: number;
      /** Since when another machine answers for the VIP; undefined while none does. */
      readonly answeredSinceMs: number | undefined;
    }
  /** It must not own the VIPs. */
  | {
      readonly phase: "held";
      /** Since when packets can be sent; undefined while they cannot. */
      readonly sendableSinceMs: number | undefined;
      /** Since when no host answers for the VIP; undefined while one does. */
      readonly unansweredSinceMs: number | undefined;
    }
);

/** The result of the test packets, and of the question for the first VIP. */
export interface SendingProbe {
  /** Whether packets can be sent to each peer that is there. */
  readonly canSend: boolean;
  readonly isAnswered: boolean;
  /** Whether the machine that answered gives way to this host: it has the lower MAC. */
  readonly isFirst: boolean;
}

export const INITIALLY_SENDING: SendingState = {
  phase: "sending",
  times: 0,
  sinceMs: Number.NEGATIVE_INFINITY,
};

/** Three adverts in a row could not be sent to a peer. */
export function afterFailure(state: SendingState, nowMs: number): SendingState {
  if (state.phase === "held") return state;
  if (state.phase === "unheard") return { ...state, failedAtMs: nowMs };
  const times = nowMs - state.sinceMs >= FORGET_MS ? 0 : state.times;
  return { phase: "unheard", times, sinceMs: nowMs, failedAtMs: nowMs, answeredSinceMs: undefined };
}

/** Adverts of another owner arrive, so that host can send and this one cannot. */
export function afterRival(state: SendingState, nowMs: number): SendingState {
  if (state.phase !== "unheard") return state;
  return {
    phase: "held",
    times: state.times + 1,
    sinceMs: nowMs,
    sendableSinceMs: undefined,
    unansweredSinceMs: undefined,
  };
}

export function afterProbe(
  state: SendingState,
  probe: SendingProbe,
  priority: number,
  nowMs: number,
): SendingState {
  if (state.phase === "sending") return state;
  if (state.phase === "unheard") return unheardAfter(state, probe, nowMs);
  const { canSend, isAnswered } = probe;
  const sendableSinceMs = canSend ? (state.sendableSinceMs ?? nowMs) : undefined;
  const unansweredSinceMs = isAnswered ? undefined : (state.unansweredSinceMs ?? nowMs);
  const sendableMs = sendableSinceMs === undefined ? 0 : nowMs - sendableSinceMs;
  const unansweredMs = unansweredSinceMs === undefined ? 0 : nowMs - unansweredSinceMs;
  const needsMs = unansweredMs >= UNOWNED_RELEASE_MS ? UNOWNED_RELEASE_MS : releaseMs(state.times);
  if (sendableMs >= needsMs) return { phase: "sending", times: state.times, sinceMs: nowMs };
  const turnMs = NOBODY_ANSWERS_MS + staggerMs(priority);
  if (unansweredMs < turnMs) return { ...state, sendableSinceMs, unansweredSinceMs };
  const { times } = state;
  return { phase: "unheard", times, sinceMs: nowMs, failedAtMs: nowMs, answeredSinceMs: undefined };
}

function unheardAfter(
  state: SendingState & { readonly phase: "unheard" },
  { canSend, isAnswered, isFirst }: SendingProbe,
  nowMs: number,
): SendingState {
  const answeredSinceMs = isAnswered ? (state.answeredSinceMs ?? nowMs) : undefined;
  const waitMs = isFirst ? GIVE_WAY_MS : 0;
  if (answeredSinceMs !== undefined && nowMs - answeredSinceMs >= waitMs) return afterRival(state, nowMs);
  const isOver = !isAnswered && canSend && nowMs - state.failedAtMs >= QUIET_MS;
  return isOver ? { phase: "sending", times: state.times, sinceMs: nowMs } : { ...state, answeredSinceMs };
}

function staggerMs(priority: number): number {
  const below = HIGHEST_PRIORITY - priority;
  const derivedBelow = Math.min(below, HIGHEST_PRIORITY - LOWEST_PRIORITY);
  return STAGGER_MS_PER_PRIORITY * below + MORE_MS_PER_DERIVED_PRIORITY * derivedBelow;
}

function releaseMs(times: number): number {
  return Math.min(FIRST_RELEASE_MS * 2 ** (times - 1), LONGEST_RELEASE_MS);
}
