/**
 * Whether a group may own its VIPs on a host whose adverts cannot be sent.
 *
 * It may not as long as another host could: the others hear nothing and take over, so the host would be a second owner.
 * Where nobody answers for the VIP, as all hosts may have the same fault, one of them owns it all the same.
 */

/** A held group is released once packets could be sent for this long, twice as long each time it fails again. */
const FIRST_RELEASE_MS = 3_000;
const LONGEST_RELEASE_MS = 60_000;
/** It is released after this time where nobody answers for the VIP: nothing can be worse. */
const UNOWNED_RELEASE_MS = 2_000;
/** Without a way to send, one host owns a VIP for which nobody answered for this long. */
const NOBODY_ANSWERS_MS = 10_000;
/** The host of the highest priority is the first one, and the others hear its answer before their turn. */
const STAGGER_MS_PER_PRIORITY = 40;
const HIGHEST_PRIORITY = 254;
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
  /** It must not own the VIPs. */
  | {
      readonly phase: "held";
      /** Since when packets can be sent; undefined while they cannot. */
      readonly sendableSinceMs: number | undefined;
      /** Since when nobody answers for the VIP; undefined while somebody does. */
      readonly unansweredSinceMs: number | undefined;
    }
  /** It owns the VIPs although its adverts fail, because nobody else does. */
  | { readonly phase: "last-resort"; readonly failedAtMs: number }
);

/** What a test packet and a question for the first VIP came to. */
export interface SendingProbe {
  readonly canSend: boolean;
  readonly isAnswered: boolean;
}

export const INITIALLY_SENDING: SendingState = {
  phase: "sending",
  times: 0,
  sinceMs: Number.NEGATIVE_INFINITY,
};

/** Three adverts in a row could not be sent. */
export function afterFailure(state: SendingState, nowMs: number): SendingState {
  if (state.phase === "held") return state;
  if (state.phase === "last-resort") return { ...state, failedAtMs: nowMs };
  const times = nowMs - state.sinceMs >= FORGET_MS ? 1 : state.times + 1;
  return { phase: "held", times, sinceMs: nowMs, sendableSinceMs: undefined, unansweredSinceMs: undefined };
}

/** Adverts of another owner arrive, which can therefore be sent. */
export function afterRival(state: SendingState, nowMs: number): SendingState {
  if (state.phase !== "last-resort") return state;
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
  { canSend, isAnswered }: SendingProbe,
  priority: number,
  nowMs: number,
): SendingState {
  if (state.phase === "sending") return state;
  if (state.phase === "last-resort") {
    const isOver = canSend && nowMs - state.failedAtMs >= QUIET_MS;
    return isOver ? { phase: "sending", times: state.times, sinceMs: nowMs } : state;
  }
  const sendableSinceMs = canSend ? (state.sendableSinceMs ?? nowMs) : undefined;
  const unansweredSinceMs = isAnswered ? undefined : (state.unansweredSinceMs ?? nowMs);
  const sendableMs = sendableSinceMs === undefined ? 0 : nowMs - sendableSinceMs;
  const unansweredMs = unansweredSinceMs === undefined ? 0 : nowMs - unansweredSinceMs;
  const needsMs = unansweredMs >= UNOWNED_RELEASE_MS ? UNOWNED_RELEASE_MS : releaseMs(state.times);
  if (sendableMs >= needsMs) return { phase: "sending", times: state.times, sinceMs: nowMs };
  const turnMs = NOBODY_ANSWERS_MS + STAGGER_MS_PER_PRIORITY * (HIGHEST_PRIORITY - priority);
  if (unansweredMs >= turnMs)
    return { phase: "last-resort", times: state.times, sinceMs: nowMs, failedAtMs: nowMs };
  return { ...state, sendableSinceMs, unansweredSinceMs };
}

function releaseMs(times: number): number {
  return Math.min(FIRST_RELEASE_MS * 2 ** (times - 1), LONGEST_RELEASE_MS);
}
