/** One at a time, and no more often than somebody waits for. */

/**
 * Runs `task` for every call, after the earlier run has ended, however it did. Calls that come while a run waits for its
 * turn share that run: it begins later than each of them.
 */
export function inSharedTurns<T>(task: () => Promise<T>): () => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  let upcoming: Promise<T> | undefined;
  const run = () => {
    upcoming = undefined;
    return task();
  };
  return () => {
    upcoming ??= last.then(run, run);
    last = upcoming;
    return upcoming;
  };
}

/** Each task begins when the one before it has ended, however it did. */
export function createTurns(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const mine = last.then(task, task);
    last = mine;
    return mine;
  };
}
