/**
 * Why a group came to this host, by the journal entries around the transition.
 *
 * "Its owner fell silent" is a claim about another host. It is made only where this host could hear that host: not after its
 * own link was down, and not where its own rules or its list of peers keep the owner's adverts away.
 */
import { elapsedMs, timeOfDay } from "../text/instant.ts";
import { concerns } from "./affected.ts";
import type { JournalEntry } from "./event.ts";
import { followUp } from "./follow-up.ts";
import { unansweredText } from "./unanswered.ts";

/** A host takes over after a silence of three advert intervals: 3 s with VRRPv2. */
const SILENCE_MAX_MS = 5_000;

/** Between the unanswered questions and the takeover, with a busy agent between. */
const UNANSWERED_MAX_MS = 2_000;

const ARRIVAL_REASONS = {
  "given-up": (owner: string) => `its owner${owner} gave it up`,
  silent: (owner: string) => `its owner${owner} fell silent`,
  "none-heard": () => "no owner was heard",
} as const;

/** A clause; undefined while it is not known. */
export function arrivalReason(
  entries: readonly JournalEntry[],
  index: number,
  group: string,
): string | undefined {
  const succession = followUp(entries, index, group, "succession");
  if (succession === undefined) return undefined;
  const unanswered = unansweredBefore(entries, index, group);
  if (unanswered !== undefined) return `its owner ${unanswered.owner} ${unansweredText(unanswered)}`;
  const named = succession.owner === undefined ? "" : ` ${succession.owner}`;
  if (succession.how === "given-up") return ARRIVAL_REASONS["given-up"](named);
  const deafness = followUp(entries, index, group, "deaf")?.reason ?? linkLoss(entries, index, group);
  return deafness === undefined
    ? ARRIVAL_REASONS[succession.how](named)
    : `this host could not hear an owner, as ${deafness}`;
}

/** keepalived takes over within its skew time of less than a second (VRRPv2). */
function unansweredBefore(entries: readonly JournalEntry[], index: number, group: string) {
  const at = entries[index]?.at ?? "";
  const entry = entries.findLast(
    (one, before) => before < index && one.kind === "owner-unanswered" && one.group === group,
  );
  if (entry?.kind !== "owner-unanswered" || elapsedMs(entry.at, at) > UNANSWERED_MAX_MS) return undefined;
  return entry;
}

/** The link of the group that was down within the silence that made this host owner. */
function linkLoss(entries: readonly JournalEntry[], index: number, group: string): string | undefined {
  const at = entries[index]?.at ?? "";
  const link = entries.findLast(
    (entry, before) => before < index && entry.kind === "link" && concerns(entry, group),
  );
  if (link?.kind !== "link" || elapsedMs(link.at, at) > SILENCE_MAX_MS) return undefined;
  return link.isUp
    ? `its link ${link.interface} was down until ${timeOfDay(link.at)}`
    : `its link ${link.interface} is down`;
}
