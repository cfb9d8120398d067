/** Clean-up that also happens when the process ends by itself, by an uncaught exception or by a signal. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Runs `dispose` before this process ends, unless the returned function was called before. */
export function guardExit(dispose: () => void): () => void {
  const onSignal = (signal: NodeJS.Signals): void => {
    dispose();
    release();
    // A listener switches the signal's default off: end as asked, unless someone else has taken that over.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
  const release = (): void => {
    process.off("exit", dispose);
    for (const signal of SIGNALS) process.off(signal, onSignal);
  };
  process.on("exit", dispose);
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return release;
}
