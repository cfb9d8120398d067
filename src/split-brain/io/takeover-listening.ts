/**
 * Reads frames without delay while the next owner's first advert is awaited. Usually the listener collects them for 0.25 s, but the
 * time of a takeover is reported in ms. This ends with the takeover, or when no advert is awaited any more.
 */
import type { Wire } from "../../wire/io/wire.ts";

/** Checks after this time whether an advert is still awaited. */
const RECHECK_MS = 1_000;

export interface TakeoverListening {
  /** To be called when the groups that are awaited may have changed. */
  update(): void;
}

/** @param awaitedOn the interfaces on which an advert is awaited now. */
export function createTakeoverListening(
  wire: Pick<Wire, "hurry">,
  awaitedOn: () => ReadonlySet<string>,
  signal: AbortSignal,
): TakeoverListening {
  const open = new Map<string, ReturnType<Wire["hurry"]>>();
  let timer: NodeJS.Timeout | undefined;
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  const update = () => {
    clearTimeout(timer);
    timer = undefined;
    if (signal.aborted) return;
    const wanted = awaitedOn();
    for (const name of wanted) if (!open.has(name)) open.set(name, wire.hurry(name));
    for (const [name, listening] of open) {
      if (wanted.has(name)) continue;
      open.delete(name);
      listening.close();
    }
    if (open.size > 0) timer = setTimeout(update, RECHECK_MS);
  };
  return { update };
}
