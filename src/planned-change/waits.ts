/** How long a host waits for others in a planned change. Each wait has an end: docs/design/planned-changes.md lists them. */

/** All hosts learn of a change within 10 s of each other. The rest is the time to act on it. */
export const PROPAGATION_MS = 12_000;
/**
 * Hosts that have changed listen for a host that has not, until a change is this old. After that, adverts alone do not count:
 * forged ones cannot keep a VIP without an owner for longer.
 */
export const WATCH_MS = 60_000;
/**
 * If a difference lasts longer than the hosts need to change, it is no change: a host has stuck metadata or a wrong
 * setting. A host that heard a former owner this late listens on, until a change is LONGEST_HOLD_MS old.
 */
export const USUAL_CHANGE_MS = 30_000;
/** A machine that has a VIP is asked for it again within this time. */
export const ANSWER_MS = 4_000;
/**
 * A host that is held back goes by VRRP alone when the change is this old, whatever it hears. A machine that forges a
 * member's adverts and answers for its VIPs has them anyway. An owner with stuck metadata or a wrong setting is real, and
 * people need this long to mend it.
 */
export const LONGEST_HOLD_MS = 24 * 3_600_000;
/**
 * A host that cannot listen is held back this long: by then the owner has changed, too. If the listener fails later, the last
 * answer counts for the same time.
 */
export const HOLD_WITHOUT_LISTENER_MS = 30_000;
/** An owner that is silent for this many of its advert intervals is gone (Active_Down_Interval, RFC 9568 section 6.1). */
export const SILENT_INTERVALS = 4;
/**
 * Silence counts only after the listener has reported that it read everything, which it does every 0.1 s. A listener without a
 * report for 2 s counts as missing.
 */
export const UNHEARD_RECHECK_MS = 60;
/** Adverts and timers may be this late. */
export const MARGIN_MS = 50;
/** After its start a host listens this long for what members run. keepalived's own delay at its start is hardly shorter. */
export const FIRST_SIGHT_MS = 5_000;
/** And for this many of its own advert intervals: a host of the group takes over after them. */
export const FIRST_SIGHT_INTERVALS = 4;
