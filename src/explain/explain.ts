/**
 * Explains keepalived.conf: every value, the place that gave it, and what happened to the values of other places.
 *
 * It is made only of what the derivation returns (sources, reasons, problems), so it always matches the configuration
 * that it explains. docs/use/explain.md documents its shape. It holds no password.
 */

import { type AgentError, describeError, type ErrorCode } from "../errors.ts";
import type { DesiredState } from "../groups/desired-state.ts";
import { describeProblem, type SettingProblem } from "../settings/problem.ts";
import type { Settings } from "../settings/settings.ts";
import { byName } from "../text/by-name.ts";
import { explainAgent, type MetadataInput } from "./agent.ts";
import { type ExplainedGroup, explainGroup, type GroupState } from "./group.ts";
import type { ExplainedValue } from "./value.ts";

export interface ExplainedError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

export interface Explanation {
  readonly host: { readonly uuid: string; readonly name: string };
  /** Left out without metadata. */
  readonly service?: string;
  readonly metadata: MetadataInput["origin"];
  readonly agent: Readonly<Record<string, ExplainedValue>>;
  readonly groups: Readonly<Record<string, ExplainedGroup>>;
  /** Groups whose settings cannot be used. */
  readonly refused: readonly (ExplainedError & { readonly group: string })[];
  /** Sentences that an operator should read. */
  readonly advice: readonly string[];
  /** Why the agent would refuse `conf`, or why there is none. Left out where the agent would use it. */
  readonly problem?: ExplainedError;
  /** Text of keepalived.conf, with passwords hidden. Left out where there is none. */
  readonly conf?: string;
}

export interface ExplainInput {
  readonly settings: Settings;
  readonly metadata: MetadataInput;
  readonly templatePath: string;
  readonly state: DesiredState;
  /** Group names that cannot be used. */
  readonly nameProblems: readonly SettingProblem[];
  /** Advice that concerns no single group. */
  readonly advice: readonly string[];
  readonly problem: AgentError | undefined;
  readonly conf: string | undefined;
}

export function explain(input: ExplainInput): Explanation {
  const { settings, metadata, state, problem, conf } = input;
  const { snapshot, origin } = metadata;
  const { self, service } = snapshot;
  const groups = state.results.map((result) => {
    const { name } = result;
    return [name, explainGroup(result, groupState(name, state), { settings, snapshot })] as const;
  });
  const badNames = input.nameProblems.map((bad) => {
    const hint = "Rename the group in the service's metadata.";
    return { group: bad.value, code: "SETTING_REFUSED" as const, message: describeProblem(bad), hint };
  });
  return {
    host: { uuid: self.uuid, name: self.name },
    ...(origin === "off" ? {} : { service: `${service.stackName}/${service.name}` }),
    metadata: origin,
    agent: explainAgent(settings, metadata, input.templatePath),
    groups: byName(groups),
    refused: [
      ...badNames,
      ...[...state.refusals].map(([group, error]) => ({ group, ...explainError(error) })),
    ],
    advice: [...new Set([...input.advice, ...state.results.flatMap(({ advice }) => advice)])],
    ...(problem && { problem: explainError(problem) }),
    ...(conf === undefined ? {} : { conf }),
  };
}

function groupState(group: string, { refusals, desired }: DesiredState): GroupState {
  if (!refusals.has(group)) return "used";
  return desired.instances.some(({ name }) => name === group) ? "kept" : "left-out";
}

function explainError(error: AgentError): ExplainedError {
  return { code: error.code, message: describeError(error), hint: error.hint };
}
