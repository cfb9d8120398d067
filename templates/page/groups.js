// The table of groups: one row a group, and on demand what each host says of it.
import {
  badge,
  byId,
  cell,
  duration,
  element,
  facts,
  link,
  row,
  rowHeader,
  soft,
  update,
  value,
} from "./dom.js";

const SHOWN_SPARES = 3;
const open = new Set();

/** @param filter lower-case words that a group must have in its name, VIPs or hosts. */
export function showGroups({ groups, hosts }, { status, members, filter, redraw }) {
  const shown = groups.filter((group) => matches(group, filter));
  const several = hosts.length > 1;
  const items = shown.map((group) => {
    const isOpen = open.has(group.name);
    return { ...group, several, isOpen, details: isOpen ? detailsOf(group, members, status) : undefined };
  });
  update(
    byId("groups"),
    items,
    ({ name }) => name,
    (item) => groupRow(item, redraw),
    2,
  );
  const bad = groups.filter(({ tone }) => tone === "bad").length;
  const trouble = bad === 0 ? "" : `, ${bad} in trouble`;
  const count = filter === "" ? `${groups.length}${trouble}` : `${shown.length} of ${groups.length}`;
  if (byId("count").textContent !== count) byId("count").textContent = count;
  byId("none").hidden = shown.length > 0;
  byId("none").textContent = groups.length === 0 ? "No group yet." : "No group fits the filter.";
}

export function matches({ name, vips, owner, spares }, filter) {
  const text = [name, ...vips, owner?.name ?? "", ...spares.map(({ host }) => host)].join(" ").toLowerCase();
  return filter.split(/\s+/).every((word) => text.includes(word));
}

function groupRow(item, redraw) {
  const { name, vips, tone, trouble, isOpen, details } = item;
  const id = `details-${name}`;
  const button = element(
    "button",
    { type: "button", class: "name", "aria-expanded": String(isOpen), "data-focus": `group ${name}` },
    value(name),
  );
  button.addEventListener("click", () => {
    if (!open.delete(name)) open.add(name);
    redraw();
  });
  const says =
    trouble === undefined ? undefined : element("div", { class: `trouble says-${tone}` }, value(trouble));
  const first = rowHeader(button, element("div", { class: "vips" }, value(vips.join(" "))), says);
  const main = row({}, first, ownerCell(item), sparesCell(item));
  const made = element("tbody", { role: "rowgroup", class: `is-${tone}` }, main);
  if (isOpen)
    made.append(
      row({ class: "detail", id }, element("td", { role: "cell", colspan: "3" }, ...detailRows(details))),
    );
  return made;
}

function ownerCell({ owner, hasNone, since, isCurrent }) {
  if (!isCurrent)
    return cell(
      badge("unknown", "not known"),
      owner === undefined ? undefined : soft("last: ", value(owner.name)),
    );
  const lasting = since === undefined ? undefined : soft("for ", duration(since));
  if (owner === undefined)
    return hasNone ? cell(badge("bad", "nobody"), lasting) : cell(badge("unknown", "not known yet"));
  const name = owner.isSelf ? value(owner.name) : link(owner.url, owner.name);
  return cell(
    element("span", { class: owner.isSelf ? "own" : "other" }, name),
    owner.isSelf ? element("span", { class: "soft small" }, " (this host)") : undefined,
    lasting,
  );
}

/** Those that can take over by name; of the others, why not. Of a host that cannot be asked, only the name is known. */
function sparesCell({ spares, isCurrent, several }) {
  if (!isCurrent) return cell();
  if (!several) return cell(element("span", { class: "soft" }, "this host is alone"));
  const lines = [
    ...spareLines(spares.filter(({ canTakeOver }) => canTakeOver)),
    ...spareLines(
      spares.filter(({ canTakeOver }) => canTakeOver === undefined),
      "soft",
    ),
    ...spareLines(
      spares.filter(({ canTakeOver }) => canTakeOver === false),
      "says-warn",
    ),
  ];
  if (lines.length === 0) lines.push(element("li", { class: "says-warn" }, "none"));
  return cell(element("ul", { class: "list" }, ...lines));
}

function spareLines(spares, tone) {
  return named(spares).map((text) => element("li", { class: tone }, value(text)));
}

function named(spares) {
  const shown = spares
    .slice(0, SHOWN_SPARES)
    .map(({ host, why }) => (why === undefined ? host : `${host}: ${why}`));
  const rest = spares.length - shown.length;
  return rest === 0 ? shown : [...shown, `and ${rest} more`];
}

/** What each host says of the group, and how this host runs it. */
function detailsOf({ name, isCurrent }, members, status) {
  if (!isCurrent) return undefined;
  const hosts = members.map(({ host, isSelf, reach, url, metadata, groups }) => {
    const {
      state,
      since,
      priority,
      checks = [],
      reasons = [],
    } = groups.find((group) => group.name === name) ?? {};
    return { host, isSelf, reach, url, metadata, state, since, priority, checks, reasons };
  });
  const instance = status.instances.find((each) => each.name === name);
  return { hosts, instance };
}

const TONES = { MASTER: "good", BACKUP: "calm", FAULT: "bad", STOPPED: "bad" };
const VERDICTS = { healthy: "good", unhealthy: "bad", unknown: "warn" };

function detailRows(details) {
  if (details === undefined) return [element("p", { class: "soft" }, "Not known now.")];
  const { hosts, instance } = details;
  const heads = ["Host", "State", "Checks"].map((name) =>
    element("th", { role: "columnheader", scope: "col" }, name),
  );
  const table = element(
    "table",
    { role: "table" },
    element("caption", { class: "hidden" }, "What each host says about the group"),
    element("thead", { role: "rowgroup" }, row({}, ...heads)),
    element("tbody", { role: "rowgroup" }, ...hosts.map(memberRow)),
  );
  if (instance === undefined) return [table];
  const { interface: on, virtualRouterId, priority, prioritySource, source } = instance;
  return [
    table,
    element(
      "dl",
      {},
      ...facts([
        [
          "Here",
          value(
            `on ${on}, VRID ${virtualRouterId}, priority ${priority}${prioritySource === undefined ? "" : ` (${prioritySource})`}`,
          ),
        ],
        ["Adverts", value(source === undefined ? "by multicast" : `by unicast, from ${source}`)],
      ]),
    ),
  ];
}

function memberRow({ host, isSelf, reach, url, state, since, priority, checks, reasons }) {
  const name = rowHeader(isSelf ? value(`${host} (this host)`) : link(url, host));
  if (state === undefined) {
    const known = reach === "answers" ? "does not run it" : "not known";
    return row({}, name, cell(badge("unknown", known)), cell());
  }
  const rank = priority === undefined ? "" : `, priority ${priority}`;
  const lasting = since === undefined ? undefined : soft("for ", duration(since), value(rank));
  const lines = checks.map(({ name, verdict, reason }) =>
    element("div", {}, badge(VERDICTS[verdict] ?? "warn", `${name} ${verdict}`), " ", value(reason)),
  );
  const ofChecks = checks.map(({ name, reason }) => `${name}: ${reason}`);
  const others = reasons.filter((reason) => !ofChecks.includes(reason));
  const said = [...lines, ...others.map((reason) => element("div", { class: "says-warn" }, value(reason)))];
  if (said.length === 0) said.push(element("span", { class: "soft" }, "nothing is checked"));
  return row({}, name, cell(badge(TONES[state] ?? "warn", state), lasting), cell(...said));
}
