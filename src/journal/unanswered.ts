/** An owner that did not answer, in words. */
import type { JournalEntry } from "./event.ts";

/** A predicate, for a sentence that begins with the owner. */
export function unansweredText({
  questions,
  windowMs,
  hasAnsweredForItself,
}: Extract<JournalEntry, { kind: "owner-unanswered" }>): string {
  const without = `${questions} questions within ${windowMs} ms`;
  return hasAnsweredForItself
    ? `answered for its own address, but not ${without} for its VIP`
    : `did not answer ${without}`;
}
