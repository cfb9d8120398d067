/**
 * Asks a member's agent for its `GET /status`.
 *
 * The other end may be anybody: it may hang, send byte by byte, redirect, or send megabytes. So each question has a time
 * limit for the whole answer, and the answer a limit of size.
 */
import { Agent } from "node:http";
import axios from "axios";
import type { MemberStatus } from "../../metadata/member-status.ts";
import { parseMemberReport } from "../member-report.ts";
import type { MemberAnswer } from "../members.ts";

/** An honest answer has about 1.5 kB a group. */
const MAX_ANSWER_BYTES = 512 * 1_024;

/** A connection lives for one question: an agent serves 100 connections at most, and 100 agents may ask it. */
const agent = new Agent({ keepAlive: false });

/** Never rejects. @param timeoutMs for the whole answer. */
export async function askMember(
  { uuid, url }: Pick<MemberStatus, "uuid" | "url">,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<MemberAnswer> {
  if (url === undefined)
    return notReachable("it has no address to ask, or its label keepalived.http is no port");
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const { status, data } = await axios.get<Buffer>(`${url}/status`, {
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
    return judge(uuid, status, data);
  } catch (error) {
    if (timeout.aborted) return notReachable(`no complete answer within ${timeoutMs / 1_000} s`);
    return isTooLarge(error)
      ? refused(`it answers with more than ${MAX_ANSWER_BYTES / 1_024} KiB`)
      : notReachable(reasonOf(error));
  }
}

function judge(uuid: string, status: number, body: Buffer): MemberAnswer {
  if (status !== 200) return refused(`it answers with status ${status}`);
  const document = parseJson(body);
  if (document === undefined) return refused("it answers with something other than JSON");
  const report = parseMemberReport(document.value);
  if (typeof report === "string") return refused(`its answer is not an agent's status: ${report}`);
  if (report.host?.uuid !== uuid)
    return refused(
      report.host === undefined
        ? "the agent there does not know its host yet"
        : `the agent of another host answers: ${report.host.name}`,
    );
  return { reach: "answers", report, asOf: new Date().toISOString() };
}

function parseJson(body: Buffer): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)) };
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

function notReachable(why: string): MemberAnswer {
  return { reach: "not-reachable", why };
}

function refused(why: string): MemberAnswer {
  return { reach: "refused", why };
}
