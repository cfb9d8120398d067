// What happened on all hosts that answer, the newest first, one list per day.
import { byId, element, update, value } from "./dom.js";

const STEP = 40;
let limit = STEP;

/** @param lines of /timeline: { at, host, kind, group, text }. */
export function showStory({ lines, hosts }, { filter, onlyMoves, several }) {
  const fitting = lines.filter((line) => (!onlyMoves || line.kind !== "entry") && fits(line, filter));
  const shown = fitting.slice(0, limit);
  const days = [...Map.groupBy(shown, ({ at }) => at.slice(0, 10))].map(([day, ofDay]) => ({
    day,
    ofDay,
    several,
  }));
  update(byId("story"), days, ({ day }) => day, dayList);
  byId("more").hidden = fitting.length <= shown.length;
  byId("story-note").textContent = noteOf(lines, shown, hosts);
}

export function showMoreStory() {
  limit += 2 * STEP;
}

function fits({ host, group, text }, filter) {
  const all = `${host} ${group ?? ""} ${text}`.toLowerCase();
  return filter.split(/\s+/).every((word) => all.includes(word));
}

function noteOf(lines, shown, hosts) {
  if (lines.length === 0) return "No entries yet.";
  if (shown.length === 0) return "No entry fits the filter.";
  const silent = hosts.filter(({ reach }) => reach !== "answers").map(({ host }) => host);
  const missing =
    silent.length === 0
      ? ""
      : ` Not from ${silent.length > 3 ? `${silent.length} hosts` : silent.join(", ")}.`;
  return `Newest first, times in UTC by each host's own clock.${missing}`;
}

function dayList({ day, ofDay, several }) {
  return element(
    "div",
    {},
    element("h3", {}, value(day)),
    element(
      "ol",
      {},
      ...ofDay.map(({ at, host, kind, text }) =>
        element(
          "li",
          { class: kind },
          element("time", { datetime: at }, at.slice(11, 19)),
          value(several ? host : ""),
          value(text),
        ),
      ),
    ),
  );
}
