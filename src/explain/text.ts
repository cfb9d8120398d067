/** Renders an explanation as text for a terminal: keepalived.conf first, then one line for each value. */

import { describeProblem } from "../settings/problem.ts";
import { describeSource } from "../settings/source.ts";
import type { Shown } from "../settings/value-kind.ts";
import { escapeControl } from "../text/escape.ts";
import type { ExplainedError, Explanation } from "./explain.ts";
import type { ExplainedGroup, GroupState } from "./group.ts";
import type { ExplainedValue, Origin } from "./value.ts";

const STATES: Readonly<Record<GroupState, string>> = {
  used: "",
  kept: " REFUSED, and kept as it was",
  "left-out": " REFUSED, and left out",
};

/** Control characters are escaped, because labels and metadata could otherwise draw on the terminal. */
export function explainText(explanation: Explanation): string {
  const { agent, groups, refused, advice, problem, conf } = explanation;
  const sections = [
    ...Object.entries(groups).map(([name, group]) => [
      `group ${name}${STATES[group.state]}`,
      ...refused.filter((each) => each.group === name).flatMap(errorLines),
      ...groupLines(group),
    ]),
    ["agent", ...identityLines(explanation), ...valueLines(agent)],
    ...refused
      .filter((each) => !Object.hasOwn(groups, each.group))
      .map((each) => ["refused", ...errorLines(each)]),
    ...(advice.length === 0 ? [] : [["advice", ...advice.map((sentence) => `  ${sentence}`)]]),
    ...(problem === undefined ? [] : [["the agent would not use this", ...errorLines(problem)]]),
  ];
  const lines = sections.map((section) => section.map(escapeControl).join("\n"));
  return `${[...(conf === undefined ? [] : [conf.trimEnd()]), ...lines].join("\n\n")}\n`;
}

function identityLines({ host, service, metadata }: Explanation): string[] {
  return [
    line("host", `${host.name} (${host.uuid})`),
    ...(service === undefined ? [] : [line("service", service)]),
    line("metadata", metadata === "last-good" ? "does not answer: known from an earlier run" : metadata),
  ];
}

function groupLines({ values, peers, checks, areChecksKept, refused }: ExplainedGroup): string[] {
  const noChecks = areChecksKept
    ? "kept as before, because one of their values is refused"
    : "none: nothing is checked";
  return [
    ...valueLines(values),
    ...list(
      "peers",
      peers.map(({ address, reason }) => `${address}: ${reason}`),
      values["UNICAST"]?.value === false
        ? "none: adverts go by multicast"
        : "not derived, as the group is refused",
    ),
    ...list(
      "checks",
      checks.map(
        ({ kind, value, source, reason }) => `${kind} ${shown(value)}, ${origin(source)}: ${reason}`,
      ),
      noChecks,
    ),
    ...refused.map((problem) => `  refused: ${describeProblem(problem)}`),
  ];
}

function valueLines(values: Readonly<Record<string, ExplainedValue>>): string[] {
  return Object.entries(values).flatMap(([name, explained]) => {
    const { value, unit, source, reason, overridden, refused } = explained;
    const text =
      value === null && source.kind === "default" ? "not set" : `${shown(value, unit)}, ${origin(source)}`;
    return [
      line(name, reason === undefined ? text : `${text}: ${reason}`),
      ...overridden.map((lower) =>
        line("", `overrides ${shown(lower.value, unit)}, ${origin(lower.source)}`),
      ),
      ...refused.map((problem) => line("", `refused: ${describeProblem(problem)}`)),
    ];
  });
}

function errorLines({ code, message, hint }: ExplainedError): string[] {
  const [first = "", ...others] = message.split("\n");
  return [`  ${code}: ${first}`, ...others.map((line) => `    ${line}`), `  -> ${hint}`];
}

function list(name: string, items: readonly string[], none: string): string[] {
  return (items.length === 0 ? [none] : items).map((item, index) => line(index === 0 ? name : "", item));
}

function line(name: string, text: string): string {
  return `  ${name.padEnd(20)}${text}`;
}

function shown(value: Shown, unit?: string): string {
  if (value === null) return "none";
  const text = Array.isArray(value) ? value.join(" ") : String(value);
  return unit === undefined ? text : `${text} ${unit}`;
}

function origin(source: Origin): string {
  if (source.kind === "derived") return "derived";
  if (source.kind === "default") return "by default";
  return source.kind === "host" || source.kind === "memory"
    ? source.name
    : `from ${describeSource({ kind: source.kind, name: source.name })}`;
}
