// The page as plain text for a ticket or a chat, and how it gets to the clipboard.
import { element } from "./dom.js";

/** @param at ISO 8601. */
export function reportText({ hostName, overall, groups, hosts, problems }, lines, at) {
  const group = ({ name, vips, tone, trouble, owner, since, spares }) => {
    const who =
      owner === undefined
        ? "no owner known"
        : `owner ${owner.name}${since === undefined ? "" : ` since ${since}`}`;
    const able = spares.filter(({ canTakeOver }) => canTakeOver).map(({ host }) => host);
    const unable = spares
      .filter(({ canTakeOver }) => canTakeOver === false)
      .map(({ host, why }) => `${host} (${why})`);
    const marks = trouble === undefined ? "" : `  ${tone === "bad" ? "TROUBLE" : "WARNING"}: ${trouble}`;
    return `${name}  ${vips.join(" ")}  ${who}; can take over: ${able.join(", ") || "none known"}${unable.length === 0 ? "" : `; cannot: ${unable.join(", ")}`}${marks}`;
  };
  const host = ({ host, state, version, drained, notes }) =>
    [host, state, version, drained ? "drained" : undefined, ...notes]
      .filter((text) => text !== undefined)
      .join(", ");
  const problem = ({ hosts, part, code, message, hint, since }) =>
    `${hosts.join(", ")}: ${code ?? part}: ${message} (since ${since})${hint === undefined ? "" : ` -> ${hint}`}`;
  return [
    `rancher-keepalived, as ${hostName} sees it at ${at}: ${overall.text}`,
    "",
    "Groups",
    ...groups.map(group),
    "",
    "Hosts",
    ...hosts.map(host),
    ...(problems.length === 0 ? [] : ["", "Problems", ...problems.map(problem)]),
    "",
    "What happened, newest first",
    ...lines.slice(0, 30).map(({ at, host, text }) => `${at} ${host}: ${text}`),
    "",
  ].join("\n");
}

/** A page that came over plain HTTP has no clipboard of its own: it copies what is selected. @returns whether it did. */
export async function copyText(text) {
  if (navigator.clipboard !== undefined) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // not allowed here: try the other way
    }
  }
  const area = element("textarea", { class: "hidden", readonly: "", "aria-hidden": "true" });
  area.value = text;
  const focused = document.activeElement;
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  focused?.focus();
  return isCopied;
}
