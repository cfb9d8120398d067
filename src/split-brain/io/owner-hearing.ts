/** Watches the owners of this host's groups over time, and tells when one changes or falls silent. */
import type { WireFrame } from "../../wire/frame.ts";
import { createHeardOwners, type HeardOwner, type Moment } from "../heard-owners.ts";
import type { WatchedGroup } from "../watched-group.ts";

/** If a timer fires later than this, the whole process was stopped, and packets of that time are still unread. */
const PAUSE_MS = 1_000;

export interface OwnerHearing {
  setGroups(groups: readonly WatchedGroup[]): void;
  /** @param isRare whether the listener reports the frame every 5 s only. */
  noteFrame(frame: WireFrame, groups: readonly WatchedGroup[], isRare: boolean): void;
  /** Notes one of the frames that are reported every 5 s only, by its text. */
  noteRare(text: string): void;
  /** Sets how often the listener reports the owner's adverts: each one, or one in 5 s. Without `group`: those of all owners. */
  setRare(isRare: boolean, group?: string): void;
  /** What is heard of each group's owner. */
  hearings(): ReadonlyMap<string, HeardOwner>;
}

/** @param onChange is called when another owner is heard, or none. It is not called after the abort. */
export function openOwnerHearing(onChange: () => void, signal: AbortSignal): OwnerHearing {
  const heard = createHeardOwners();
  let timer: NodeJS.Timeout | undefined;
  let dueMs = 0;
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });

  const judge = (): void => {
    timer = undefined;
    const lateMs = performance.now() - dueMs;
    if (lateMs > PAUSE_MS) heard.notePause(lateMs);
    tell(heard.judge(momentNow()));
  };
  const tell = (hasChanged: boolean): void => {
    if (signal.aborted) return;
    const { nextMs } = heard;
    if (timer === undefined && nextMs !== undefined) {
      dueMs = nextMs;
      timer = setTimeout(judge, Math.max(0, nextMs - performance.now())).unref();
    }
    if (hasChanged) onChange();
  };
  return {
    setGroups: (groups) => tell(heard.setGroups(groups, momentNow())),
    noteFrame: (frame, groups, isRare) => tell(heard.noteFrame(frame, groups, isRare, momentNow())),
    noteRare: (text) => heard.noteRare(text, momentNow()),
    setRare: (isRare, group) => {
      heard.setRare(isRare, momentNow(), group);
      clearTimeout(timer);
      timer = undefined;
      tell(false);
    },
    hearings: () => heard.hearings,
  };
}

export function momentNow(): Moment {
  return { ms: performance.now(), at: new Date().toISOString() };
}
