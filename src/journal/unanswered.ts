/** An owner that did not answer, in words. */
import type { JournalEntry } from "./event.ts";

/** A predicate, for a sentence that begins with the owner. */
export function unansweredText({
  questions,
  windowMs,
}: Extract<JournalEntry, { kind: "owner-unanswered" }>): string {
  return `did not answer ${questions} questions within ${windowMs} ms`;
}
