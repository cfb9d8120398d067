// The table of hosts, each with a link to its own page, and the notice where no other host can be asked.
import { badge, byId, cell, element, link, row, rowHeader, soft, update, value } from "./dom.js";
import { plural } from "./view.js";

export function showHosts({ hosts }) {
  update(byId("hosts"), hosts, ({ uuid, host }) => `${uuid} ${host}`, hostRow, 2);
}

function hostRow({
  host,
  isSelf,
  url,
  address,
  version,
  tone,
  state,
  drained,
  owned,
  ready,
  notes,
  isCurrent,
}) {
  const name = element("span", { class: "host" }, isSelf ? value(host) : link(url, host));
  const about = [isSelf ? "this host" : undefined, address, version]
    .filter((text) => text !== undefined)
    .join(", ");
  const groups = !isCurrent
    ? []
    : [
        value(owned === 0 ? "owns none" : `owns ${owned}`),
        ready === undefined ? undefined : value(`, can take over ${ready}`),
      ];
  return element(
    "tbody",
    { role: "rowgroup", class: `is-${tone}` },
    row(
      {},
      rowHeader(name, element("div", { class: "vips" }, value(about))),
      cell(badge(tone, state), drained && state !== "drained" ? badge("warn", "drained") : undefined),
      cell(...groups, ...notes.map((note) => soft(value(note)))),
    ),
  );
}

/** Said once for all hosts: where each keeps its HTTP to itself, that is no trouble of theirs. */
export function showNotice({ notice, hostName }) {
  const section = byId("notice");
  section.hidden = notice === undefined;
  const mark = JSON.stringify([notice, hostName]);
  if (notice === undefined || section.dataset.mark === mark) return;
  section.dataset.mark = mark;
  section.replaceChildren(
    element(
      "p",
      {},
      element("strong", {}, "This page shows what ", value(hostName), " knows."),
      ` The agents of the other ${plural(notice.count, "host")} cannot be asked over HTTP, so their checks are not shown.`,
    ),
    element(
      "p",
      {},
      "To see all hosts here, set ",
      element("code", {}, "HTTP_LISTEN"),
      " of the service to ",
      element("code", {}, "0.0.0.0:9650"),
      ", and let the hosts reach each other on that port.",
    ),
    notice.why === undefined ? "" : element("p", { class: "soft small" }, value(notice.why)),
  );
}
