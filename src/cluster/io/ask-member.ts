/** Asks a member's agent for its `GET /status?brief`, which an agent that does not know `brief` answers in full. What answers must be an agent of the member's own host. */
import type { MemberStatus } from "../../metadata/member-status.ts";
import { parseMemberReport } from "../member-report.ts";
import type { MemberAnswer } from "../members.ts";
import { askJson, notReachable, refused } from "./ask-json.ts";

/** Never rejects. @param timeoutMs for the whole answer. */
export async function askMember(
  { uuid, url }: Pick<MemberStatus, "uuid" | "url">,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<MemberAnswer> {
  if (url === undefined)
    return notReachable("it has no address to ask, or its label keepalived.http is not a port");
  const answer = await askJson(`${url}/status?brief`, timeoutMs, signal);
  return "document" in answer ? judge(uuid, answer.document) : answer;
}

function judge(uuid: string, document: unknown): MemberAnswer {
  const report = parseMemberReport(document);
  if (typeof report === "string") return refused(`its answer is not an agent's status: ${report}`);
  if (report.host?.uuid !== uuid)
    return refused(
      report.host === undefined
        ? "the agent there does not know its host yet"
        : `the agent of another host answers: ${report.host.name}`,
    );
  return { reach: "answers", report, asOf: new Date().toISOString() };
}
