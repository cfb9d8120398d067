/** Why a text that people hand in as `iptables-save -t nat` holds no nat table. */
import { parseTable } from "./table.ts";

const KINDS: readonly { readonly pattern: RegExp; readonly what: string }[] = [
  { pattern: /^\s*$/, what: "it is empty" },
  { pattern: /\0/, what: "it is UTF-16, and has to be UTF-8" },
  { pattern: /^(?:\[\d+:\d+\] )?[*]nat\s*$/m, what: "it was cut short: the line COMMIT is missing" },
  { pattern: /^table (?:ip|ip6|inet) /m, what: "it is a listing of nft" },
  { pattern: /^Chain \S+ \(/m, what: "it is the output of iptables -L" },
  { pattern: /^-[PN] \S+/m, what: "it is the output of iptables -S" },
  { pattern: /^\s+[*]nat\s*$|^[>|"'] ?[*]nat/m, what: "its lines are indented or quoted" },
  { pattern: /^[*](?:filter|mangle|raw|security)\s*$/m, what: "it contains only other tables" },
];

/** Undefined where the text has a nat table from `*nat` to `COMMIT`. */
export function saveFault(text: string): string | undefined {
  const table = parseTable(text, "nat");
  // iptables-nft says itself that a table is incompatible, and that is a verdict of its own
  if ("chains" in table || table.problem === "table-incompatible") return undefined;
  const kind = KINDS.find(({ pattern }) => pattern.test(text));
  return `no nat table from *nat to COMMIT${kind === undefined ? "" : `: ${kind.what}`}`;
}
