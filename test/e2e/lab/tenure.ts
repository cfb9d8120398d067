/** Who held an address when: arithmetic on the address events of all hosts. */

export interface AddressEvent {
  readonly host: string;
  /** Without prefix length. */
  readonly address: string;
  /** Milliseconds since the epoch, with fractions. */
  readonly atMs: number;
  readonly isHeld: boolean;
}

export interface Tenure {
  readonly host: string;
  readonly fromMs: number;
  /** Infinity while the host still holds the address. */
  readonly toMs: number;
}

/** The intervals in which each host held `address`, by their beginning. Setting an address twice is one tenure. */
export function tenures(events: readonly AddressEvent[], address: string): Tenure[] {
  const open = new Map<string, number>();
  const closed: Tenure[] = [];
  for (const event of events.filter((candidate) => candidate.address === address)) {
    const fromMs = open.get(event.host);
    if (event.isHeld) {
      open.set(event.host, fromMs ?? event.atMs);
    } else if (fromMs !== undefined) {
      open.delete(event.host);
      closed.push({ host: event.host, fromMs, toMs: event.atMs });
    }
  }
  const held = [...open].map(([host, fromMs]) => ({ host, fromMs, toMs: Number.POSITIVE_INFINITY }));
  return [...closed, ...held].toSorted((a, b) => a.fromMs - b.fromMs);
}

export interface Period {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Milliseconds of the longest stretch of `period` in which two or more hosts held the address. */
export function longestOverlap(list: readonly Tenure[], period: Period): number {
  return longestStretch(list, period, (holders) => holders > 1);
}

/** Milliseconds of the longest stretch of `period` in which no host held the address. */
export function longestVacancy(list: readonly Tenure[], period: Period): number {
  return longestStretch(list, period, (holders) => holders === 0);
}

function longestStretch(
  list: readonly Tenure[],
  period: Period,
  counts: (holders: number) => boolean,
): number {
  const changes = list
    .flatMap(({ fromMs, toMs }) => [
      { atMs: Math.max(fromMs, period.fromMs), by: 1 },
      { atMs: Math.max(toMs, period.fromMs), by: -1 },
    ])
    .filter(({ atMs }) => atMs < period.toMs)
    .toSorted((a, b) => a.atMs - b.atMs || a.by - b.by);
  let holders = 0;
  let since: number | undefined = counts(0) ? period.fromMs : undefined;
  let longest = 0;
  for (const { atMs, by } of [...changes, { atMs: period.toMs, by: 0 }]) {
    if (since !== undefined) longest = Math.max(longest, atMs - since);
    holders += by;
    if (!counts(holders)) since = undefined;
    else since ??= atMs;
  }
  return longest;
}
