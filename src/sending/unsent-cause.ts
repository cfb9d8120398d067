/** Why the kernel does not send a group's adverts, in words. */

export interface SendingFacts {
  /** The kernel's word, such as `Operation not permitted`. */
  readonly error: string;
  /** The rule or policy of OUTPUT that drops them; undefined where none is known. */
  readonly blocker: string | undefined;
  /** The connections that the kernel tracks, and how many it can; undefined where it tracks none. */
  readonly tracked: number | undefined;
  readonly trackedMax: number | undefined;
}

/** A table that is fuller than this drops new connections soon. */
const NEARLY_FULL = 0.95;
const FULL_TABLE = "the table of tracked connections is full (net.netfilter.nf_conntrack_max)";

export function explainUnsent({ error, blocker, tracked, trackedMax }: SendingFacts): string {
  if (error === "No buffer space available") return "the send queue of the interface is full";
  if (error !== "Operation not permitted") return error;
  if (blocker !== undefined) return `${blocker} drops them`;
  const full = describeFullTable(tracked, trackedMax);
  return full ?? "a packet filter of this host drops them";
}

/** `the table of tracked connections is full`; undefined where it is not. */
export function describeFullTable(
  tracked: number | undefined,
  trackedMax: number | undefined,
): string | undefined {
  if (tracked === undefined || trackedMax === undefined || trackedMax === 0) return undefined;
  return tracked < NEARLY_FULL * trackedMax ? undefined : FULL_TABLE;
}
