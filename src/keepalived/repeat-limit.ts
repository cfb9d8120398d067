/**
 * Says the same thing once: keepalived repeats some complaints with every advert, five times a second.
 */

/** Texts remembered at most; beyond it the one said longest ago is forgotten. */
const MEMORY = 64;

/**
 * Gives a function that answers for a text at a time: how many repeats were kept quiet since it was last due
 * (0 the first time), or undefined where it was due less than `windowMs` ago and is to be kept quiet now.
 */
export function limitRepeats(windowMs: number): (text: string, nowMs: number) => number | undefined {
  const said = new Map<string, { atMs: number; quiet: number }>();
  return (text, nowMs) => {
    const last = said.get(text);
    if (last !== undefined && nowMs - last.atMs < windowMs) {
      last.quiet += 1;
      return undefined;
    }
    said.delete(text); // so that the order of the map is the order of saying
    said.set(text, { atMs: nowMs, quiet: 0 });
    const [oldest] = said.keys();
    if (said.size > MEMORY && oldest !== undefined) said.delete(oldest);
    return last?.quiet ?? 0;
  };
}

/**
 * Gives a function that answers for a kind at a time: whether fewer than `max` of that kind were let through since the
 * window of `windowMs` began, which the first one after the end of the last window does. Kinds must be few: all are kept.
 */
export function limitCount(max: number, windowMs: number): (kind: string, nowMs: number) => boolean {
  const windows = new Map<string, { sinceMs: number; count: number }>();
  return (kind, nowMs) => {
    const last = windows.get(kind);
    const window =
      last !== undefined && nowMs - last.sinceMs < windowMs ? last : { sinceMs: nowMs, count: 0 };
    windows.set(kind, window);
    window.count += 1;
    return window.count <= max;
  };
}
