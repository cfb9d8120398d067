/** Async tasks that never overlap. */

/** Each task starts when the one before it has ended, whether that one succeeded or failed. */
export type SerialQueue = <T>(task: () => Promise<T>) => Promise<T>;

export function createSerialQueue(): SerialQueue {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const run = last.then(task, task);
    last = run;
    return run;
  };
}

/**
 * Runs `task` in a queue of its own. Calls that come while a run waits for its start share that run, so it starts after
 * each of them.
 */
export function shareUpcomingRun<T>(task: () => Promise<T>): () => Promise<T> {
  const enqueue = createSerialQueue();
  let upcoming: Promise<T> | undefined;
  return () => {
    upcoming ??= enqueue(() => {
      upcoming = undefined;
      return task();
    });
    return upcoming;
  };
}
