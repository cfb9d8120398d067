/** Checks an answer of the metadata service against a schema. */
import * as v from "valibot";
import { AgentError } from "../errors.ts";

/** @throws {AgentError} METADATA_MALFORMED: names `what` and the first place that the schema refuses. */
export function parseWith<Output>(
  schema: v.BaseSchema<unknown, Output, v.BaseIssue<unknown>>,
  document: unknown,
  what: string,
): Output {
  const result = v.safeParse(schema, document, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw malformed(what, `expected ${issue.expected ?? issue.type} at ${v.getDotPath(issue) ?? "the top"}`);
}

export function malformed(what: string, problem: string): AgentError {
  return new AgentError("METADATA_MALFORMED", `metadata is not as Rancher writes it: ${what}: ${problem}`);
}
