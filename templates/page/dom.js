// What the page is built with. Every value is inserted as text, never as markup, and in an element of its own.

export const byId = (id) => document.getElementById(id);

/** Children that are undefined are left out. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, content] of Object.entries(attributes)) {
    if (content !== undefined) made.setAttribute(key, content);
  }
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

export const value = (text) => element("bdi", {}, String(text));

export const badge = (tone, text) => element("span", { class: `badge ${tone}` }, value(text));

export const soft = (...children) => element("div", { class: "soft small" }, ...children);

/** Only addresses of http and https become links: a text from another host must not become a script. */
export function link(url, text) {
  return /^https?:\/\//.test(url ?? "") ? element("a", { href: url }, value(text)) : value(text);
}

export function facts(rows) {
  return rows.flatMap(([name, ...values]) => [element("dt", {}, name), element("dd", {}, ...values)]);
}

export const cell = (...children) => element("td", { role: "cell" }, ...children);
export const rowHeader = (...children) => element("th", { role: "rowheader", scope: "row" }, ...children);
export const row = (attributes, ...cells) => element("tr", { role: "row", ...attributes }, ...cells);

const UNITS = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
  [1, "s"],
];

/** `12 min` */
export function durationText(ms) {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  const [size, unit] = UNITS.find(([size]) => seconds >= size) ?? [1, "s"];
  return `${Math.floor(seconds / size)} ${unit}`;
}

/** How long something has lasted: `2 s`. It goes on counting. */
export function duration(iso) {
  const time = element("time", { datetime: iso, title: `since ${iso}`, "data-duration": "" });
  showDuration(time);
  return time;
}

/** @param root its durations are those until now. */
export function refreshDurations(root) {
  for (const time of root.querySelectorAll("time[data-duration]")) showDuration(time);
}

function showDuration(time) {
  const text = durationText(Date.now() - Date.parse(time.dateTime));
  if (time.textContent !== text) time.textContent = text;
}

/**
 * Has one child per item in the container, in their order. A child is built again only where its item has changed, so that
 * what somebody reads, selects or has the focus on stays. `start` children at the front are not touched.
 */
export function update(container, items, keyOf, build, start = 0) {
  const known = new Map([...container.children].slice(start).map((child) => [child.dataset.key, child]));
  const focused = document.activeElement?.dataset?.focus;
  const children = items.map((item) => {
    const [key, mark] = [keyOf(item), JSON.stringify(item)];
    const child = known.get(key);
    if (child?.dataset.mark === mark) return child;
    const made = build(item);
    made.dataset.key = key;
    made.dataset.mark = mark;
    return made;
  });
  for (const child of [...container.children].slice(start)) if (!children.includes(child)) child.remove();
  for (const [index, child] of children.entries()) {
    if (container.children[start + index] !== child)
      container.insertBefore(child, container.children[start + index] ?? null);
  }
  if (focused !== undefined && document.activeElement === document.body) {
    [...container.querySelectorAll("[data-focus]")].find(({ dataset }) => dataset.focus === focused)?.focus();
  }
}
