// The facts of this host's agent, and the last event in words for screen readers.
import { byId, duration, facts, value } from "./dom.js";

export function showAgent(status, isCurrent) {
  const { agent, service } = status;
  byId("agent").replaceChildren(
    ...facts([
      ["Version", value(agent.version)],
      ["Started", duration(agent.startedAt), " ago"],
      ...(service === undefined ? [] : [["Service", value(service)]]),
      ...(isCurrent ? currentFacts(status) : [["State", "not known"]]),
    ]),
  );
}

function currentFacts({
  metadata,
  keepalived,
  configuration: { appliedAt, appliedCount, lastReload, rejected },
}) {
  const { source, version, readAt } = metadata;
  const ago = (instant) => (instant === undefined ? [] : [" ", duration(instant), " ago"]);
  const rows = [
    ["keepalived", keepalived.isRunning ? `running, pid ${keepalived.pid}` : "not running"],
    ["Metadata", source, ...ago(readAt)],
    ["Metadata version", version === undefined ? undefined : value(version)],
    [
      "Applied",
      ...(appliedAt === undefined
        ? ["nothing yet"]
        : [...ago(appliedAt), `, ${appliedCount} since the agent started`]),
    ],
    ["Rejected", rejected === undefined ? undefined : value(rejected)],
  ];
  if (lastReload !== undefined) {
    const { outcome, at, reason } = lastReload;
    rows.push(["Last reload", outcome, ...ago(at), ...(reason === undefined ? [] : [": ", value(reason)])]);
  }
  return rows.filter(([, first]) => first !== undefined);
}

let lastEvent;

/** Each event once. Undefined takes the words away: they are not current. */
export function sayEvent(event) {
  const mark = event && `${event.at} ${event.text}`;
  if (mark === lastEvent) return;
  lastEvent = mark;
  byId("said").textContent = event?.text ?? "";
}
