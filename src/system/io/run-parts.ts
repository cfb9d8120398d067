/** The common life of parts: whichever fails, also while it starts, all of them end before the program goes on. */

/** Starts parts, and adds the end of each as soon as something of it runs. They end when the signal aborts. */
export type StartParts = (signal: AbortSignal, add: (end: Promise<void>) => void) => Promise<void>;

/**
 * Runs until every part has ended.
 *
 * @throws the error of the part that failed first, or of the start. The others may fail because of it.
 */
export async function runParts(start: StartParts, outer: AbortSignal): Promise<void> {
  const failed = new AbortController();
  let failure: { readonly error: unknown } | undefined;
  const ends: Promise<void>[] = [];
  const add = (end: Promise<void>): void => {
    const handled = end.catch((error: unknown) => {
      failure ??= { error };
      failed.abort();
    });
    ends.push(handled);
  };
  const starting = start(AbortSignal.any([outer, failed.signal]), add);
  add(starting);
  await starting.catch(() => undefined); // no part is added after it
  await Promise.all(ends);
  if (failure !== undefined) throw failure.error;
}
