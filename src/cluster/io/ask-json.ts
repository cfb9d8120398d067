/**
 * Asks a member's agent for a JSON document.
 *
 * The other end may be any program: it may hang, send byte by byte, redirect, or send megabytes. So each question has a
 * time limit for the whole answer, and the answer a limit of size. No more than 128 members are asked at the same time.
 */
import { Agent } from "node:http";
import axios from "axios";
import type { Reach } from "../cluster.ts";

/**
 * More than twice what an honest host sends: 255 groups, each with six checks and four IPv6 VIPs, are 375 KiB in brief. In full,
 * 100 groups with 100 IPv6 members are 512 KiB. 128 liars cost 128 MiB, for 1 s.
 */
const MAX_ANSWER_BYTES = 1_024 * 1_024;
/** Members asked at the same time, and thus the most sockets in use. */
const MAX_SOCKETS = 128;

/** A connection lives for one question: an agent serves 100 connections at most, and 100 agents may ask it. */
const agent = new Agent({ keepAlive: false });

export interface NoAnswer {
  readonly reach: Exclude<Reach, "answers">;
  readonly why: string;
  /** The host is there, and nothing listens at the port: its HTTP_LISTEN may be the default. */
  readonly isClosed?: true;
}

/** Never rejects. @param timeoutMs for the whole answer. */
export async function askJson(
  url: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<{ readonly document: unknown } | NoAnswer> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const { status, data } = await axios.get<Buffer>(url, {
      httpAgent: agent,
      proxy: false,
      maxRedirects: 0,
      maxContentLength: MAX_ANSWER_BYTES,
      decompress: false,
      headers: { Accept: "application/json", "Accept-Encoding": "identity" },
      responseType: "arraybuffer",
      validateStatus: null,
      signal: AbortSignal.any([signal, timeout]),
    });
    if (status !== 200) return refused(`it answers with status ${status}`);
    return parseJson(data) ?? refused("it answers with something other than JSON");
  } catch (error) {
    if (timeout.aborted) return notReachable(`no complete answer within ${timeoutMs / 1_000} s`);
    if (isTooLarge(error)) return refused(`it answers with more than ${MAX_ANSWER_BYTES / 1_024} KiB`);
    const isClosed = axios.isAxiosError(error) && error.code === "ECONNREFUSED";
    return { ...notReachable(reasonOf(error)), ...(isClosed && { isClosed }) };
  }
}

/** Asks each member, 128 at a time. `ask` must not reject. @returns the answers by the uuid of the host. */
export async function askEach<Member extends { readonly uuid: string }, Answer>(
  members: readonly Member[],
  ask: (member: Member) => Promise<Answer>,
): Promise<ReadonlyMap<string, Answer>> {
  const answers = new Map<string, Answer>();
  const waiting = [...members];
  const askInTurn = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      answers.set(next.uuid, await ask(next));
  };
  await Promise.all(Array.from({ length: Math.min(MAX_SOCKETS, members.length) }, askInTurn));
  return answers;
}

function parseJson(body: Buffer): { readonly document: unknown } | undefined {
  try {
    return { document: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)) };
  } catch {
    return undefined;
  }
}

function isTooLarge(error: unknown): boolean {
  return axios.isAxiosError(error) && /maxContentLength/.test(error.message);
}

const CONNECTION_ERRORS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there (HTTP_LISTEN of that host may be 127.0.0.1, which is the default)",
  EHOSTUNREACH: "the host does not answer",
  ENETUNREACH: "there is no route to it",
  ECONNRESET: "it closed the connection",
};

function reasonOf(error: unknown): string {
  const code = axios.isAxiosError(error) ? (error.code ?? "") : "";
  return CONNECTION_ERRORS[code] ?? (error instanceof Error ? error.message : String(error));
}

export function notReachable(why: string): NoAnswer {
  return { reach: "not-reachable", why };
}

export function refused(why: string): NoAnswer {
  return { reach: "refused", why };
}
