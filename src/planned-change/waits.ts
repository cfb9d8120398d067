/** How long a host waits for others in a planned change. Each wait has an end: docs/design/planned-changes.md lists them. */

/** All hosts learn of a change within 10 s of each other. The rest is the time to act on it. */
export const PROPAGATION_MS = 12_000;
/**
 * Hosts that have changed listen for one that has not, until a change is this old. Then adverts alone do not count any
 * more: forged ones keep a VIP without an owner no longer.
 */
export const WATCH_MS = 60_000;
/**
 * What goes on for longer than the hosts need to change is no change: metadata of a host is stuck, or a setting of it is
 * wrong. A host that heard a former owner this late listens on, until a change is LONGEST_HOLD_MS old.
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
 * A host that cannot listen is held back this long: by then the owner has changed, too. One that becomes deaf later
 * believes its last answer for as long.
 */
export const HOLD_WITHOUT_LISTENER_MS = 30_000;
/** An owner that is silent for this many of its advert intervals is gone (Active_Down_Interval, RFC 9568 section 6.1). */
export const SILENT_INTERVALS = 4;
/**
 * Silence counts once the listener has said that it read to its end, which it says every 0.1 s. One that says nothing for 2 s
 * counts as none.
 */
export const UNHEARD_RECHECK_MS = 60;
/** Adverts and timers may be this late. */
export const MARGIN_MS = 50;
/** After its start a host listens this long for what members run. keepalived's own delay at its start is hardly shorter. */
export const FIRST_SIGHT_MS = 5_000;
/** And for this many of its own advert intervals: a host of the group takes over after them. */
export const FIRST_SIGHT_INTERVALS = 4;
