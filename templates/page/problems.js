// What is wrong, on any host: what happened, and the next step. An error code leads to its documentation.
import { byId, duration, element, soft, update, value } from "./dom.js";

/** Further ones are counted: the first are the gravest. */
const SHOWN = 12;

export function showProblems({ problems, hosts }) {
  byId("problems").hidden = problems.length === 0;
  const several = hosts.length > 1;
  const shown = problems.slice(0, SHOWN).map((problem) => ({ ...problem, several }));
  const rest = problems.length - shown.length;
  const items = rest === 0 ? shown : [...shown, { rest }];
  update(
    byId("problem-list"),
    items,
    ({ part, code, message, rest }) => JSON.stringify([part, code, message, rest !== undefined]),
    problemCard,
  );
}

const ERROR_CODE = /^[A-Z][A-Z_]+$/;

function problemCard({ part, code, message, hint, since, hosts, several, rest }) {
  if (rest !== undefined) return element("p", { class: "soft" }, `and ${rest} more`);
  return element(
    "div",
    { class: part === "advice" ? "problem advice" : "problem" },
    element(
      "p",
      {},
      ...(several ? [value(hosts.join(", ")), ": "] : []),
      element("strong", {}, ...nameOf(part, code), ": "),
      value(message),
    ),
    hint === undefined ? undefined : element("p", {}, value(hint)),
    soft("for ", duration(since)),
  );
}

function nameOf(part, code) {
  if (part === "split-brain") return [value(`split brain (${code})`)];
  if (code === undefined) return [value(part)];
  return [ERROR_CODE.test(code) ? element("a", { href: `errors#${code}` }, value(code)) : value(code)];
}
