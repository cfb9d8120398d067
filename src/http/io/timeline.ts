/**
 * What happened on all hosts: this host's journal, and those of the members that answer. They are asked only for a
 * request, and requests soon after share the answers.
 */

import type { ClusterMember } from "../../cluster/cluster.ts";
import { askEach, askJson } from "../../cluster/io/ask-json.ts";
import type { ClusterView } from "../../cluster/io/cluster-view.ts";
import type { ReadableJournal } from "../../journal/readable.ts";
import {
  journalDocument,
  mergeTimelines,
  parseJournalDocument,
  type TimelineLine,
  timelineOf,
} from "../../journal/timeline.ts";

/** The other hosts are asked again after this time at the earliest, and after 0.2 s for each of them. */
const MIN_CACHE_MS = 3_000;
const CACHE_MS_A_MEMBER = 200;
/** For a member's whole answer, as for its status. */
const ASK_TIMEOUT_MS = 1_000;
/** Entries that each of them is asked for. */
const ENTRIES = 100;

/** The JSON of `GET /timeline`. */
export interface Timeline {
  /** Which hosts' journals are in it, and why others are not. */
  readonly hosts: readonly Pick<ClusterMember, "host" | "uuid" | "reach" | "why">[];
  /** The newest 300, the newest first. Texts from other hosts are not escaped. */
  readonly lines: readonly TimelineLine[];
}

export interface TimelineOptions {
  readonly cluster: ClusterView;
  readonly readJournal: () => ReadableJournal;
  readonly askTimeoutMs?: number;
  readonly signal: AbortSignal;
}

type Lines = readonly TimelineLine[] | undefined;

export function createTimeline({
  cluster,
  readJournal,
  askTimeoutMs = ASK_TIMEOUT_MS,
  signal,
}: TimelineOptions) {
  let asking: Promise<ReadonlyMap<string, Lines>> | undefined;
  const askOthers = async (members: readonly ClusterMember[]): Promise<ReadonlyMap<string, Lines>> => {
    // the others proved their identity a moment ago, so no other program's journal counts as theirs
    const others = members.filter(({ isSelf, reach }) => !isSelf && reach === "answers");
    const lines = await askEach(others, (member) => askLines(member, askTimeoutMs, signal));
    const cacheMs = Math.max(MIN_CACHE_MS, others.length * CACHE_MS_A_MEMBER);
    setTimeout(() => {
      asking = undefined;
    }, cacheMs).unref();
    return lines;
  };
  return {
    /** Never rejects. It takes as long as the slowest member, 1 s at most where there are up to 129 hosts. */
    read: async (): Promise<Timeline> => {
      const { members } = await cluster.read();
      asking ??= askOthers(members);
      const others = await asking;
      const own = members.find(({ isSelf }) => isSelf)?.host ?? "this host";
      const hosts = members.map(({ host, uuid, isSelf, reach, why }) => {
        const isMissing = !isSelf && reach === "answers" && others.get(uuid) === undefined;
        return isMissing
          ? { host, uuid, reach: "refused" as const, why: "it gives no journal" }
          : { host, uuid, reach, why };
      });
      const ownLines = timelineOf(own, journalDocument(readJournal()));
      return {
        hosts,
        lines: mergeTimelines([ownLines, ...[...others.values()].map((lines) => lines ?? [])]),
      };
    },
  };
}

async function askLines(
  { host, url }: ClusterMember,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Lines> {
  if (url === undefined) return undefined;
  const answer = await askJson(`${url}/journal?last=${ENTRIES}`, timeoutMs, signal);
  const journal = "document" in answer ? parseJournalDocument(answer.document) : undefined;
  return journal && timelineOf(host, journal);
}
