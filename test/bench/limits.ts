/**
 * What limits each headline figure, and what the physical limit is: the rows of the table in docs/design/benchmarks.md.
 * `npm run bench -- --docs` puts the medians of its run into it.
 */
import { formatValue } from "./format.ts";
import type { FigureResult } from "./runner.ts";
import { summarize } from "./statistics.ts";

interface LimitRow {
  readonly what: string;
  /** Name of the figure whose median is shown, or a value that is measured elsewhere. */
  readonly measured: { readonly figure: string } | { readonly text: string };
  readonly consistsOf: string;
  readonly limit: string;
  readonly reason: string;
}

const RELIABILITY = "../operate/reliability.md";

export const LIMITS: readonly LimitRow[] = [
  {
    what: "planned stop",
    measured: { figure: "owner-stopped" },
    consistsOf:
      "keepalived ends; one advert of priority 0; the skew of the best backup (priority 240-254: 2-13 ms)",
    limit: "one packet to the backup, one to the client: below 1 ms",
    reason: "without the skew two backups would take over at once",
  },
  {
    what: "container killed",
    measured: { text: "[about 190 ms](owner-probe.md#the-defaults)" },
    consistsOf:
      "the [gate](../operate/reliability.md#the-gate) silences the host in about 10 ms; then as a dead host, and a second window (40 ms): nobody [answers for the VIP](owner-probe.md)",
    limit: "one round trip after the last process is gone",
    reason: "the others ask only when an advert is due: asking all the time costs wake-ups and packets",
  },
  {
    what: "keepalived killed",
    measured: { text: `[10-515 ms](${RELIABILITY}#keepalived)` },
    consistsOf:
      "the kernel tells the agent at once, which removes the VIPs; then nobody answers for them, or 3 adverts are missed",
    limit: "one packet: the host lives and could say so",
    reason:
      "only keepalived sends adverts. Another program that sends one in its name could be wrong while keepalived starts again",
  },
  {
    what: "host dead",
    measured: { figure: "host-dead" },
    consistsOf:
      "the rest of an interval (0-200 ms), 5 ms, the [window of the questions](owner-probe.md) (40 ms), the skew (2-13 ms)",
    limit: "one interval: silence can only be seen where something was due",
    reason:
      "the window bears short breaks. A shorter interval costs CPU, and below 0.1 s it is unsafe on a host that forks much",
  },
  {
    what: "link down",
    measured: { figure: "link-down" },
    consistsOf: "as a dead host: the others see no difference",
    limit: "one interval",
    reason: "the owner knows at once, but has no link to say it on",
  },
  {
    what: "port rule gone, nft",
    measured: { figure: "port-rule-gone-nft" },
    consistsOf:
      "the kernel's event, two reads of the rules, the window of `CHECK_FALL` (0.36 s) between them, keepalived's FAULT, the skew",
    limit: "one event, one advert and the skew: about 25 ms",
    reason:
      "the window. network-manager takes rules away and puts them back, and events do not tell which it is",
  },
  {
    what: "port rule gone, legacy",
    measured: { figure: "port-rule-gone-legacy" },
    consistsOf: "as nft, and the time until the kernel's count of rules is read again",
    limit: "as nft, and one pause between two reads",
    reason: "legacy has no events; a shorter pause costs idle CPU",
  },
  {
    what: "metadata change to conf",
    measured: { figure: "metadata-change" },
    consistsOf:
      "the long poll's answer, 6 requests, the derivation, `keepalived -t`, SIGHUP, keepalived's confirmation",
    limit: "one request and one reload: about 10 ms",
    reason:
      "the text is checked before it is used, and the version is asked again, so that all answers are of one document",
  },
  {
    what: "start",
    measured: { figure: "start" },
    consistsOf:
      "Node and the program's text (half of it), the claim, metadata, `keepalived -t`, keepalived's own start",
    limit: "a bare Node and keepalived: about 60 ms",
    reason:
      "Node compiles its own modules (75 ms of CPU time); the program's come compiled with the image (10 ms instead of 50), and what they do at first takes 80; a snapshot cannot hold `node:http`; without Node's own snapshot it takes 60 ms more, and 6-8 MiB less",
  },
  {
    what: "idle CPU, nft",
    measured: { figure: "idle-cpu-nft" },
    consistsOf:
      "timers of Node, reads of the rules and addresses, keepalived's adverts, the listener's lease and questions",
    limit: "keepalived alone: 0.07-0.09 %",
    reason:
      "each doubt that is checked again and again costs a wake-up: an empty one of Node is 0.012 % at 1 Hz",
  },
  {
    what: "idle CPU, legacy",
    measured: { figure: "idle-cpu-legacy" },
    consistsOf: "as nft, and the reads of the count of rules",
    limit: "as nft",
    reason: "legacy has no events",
  },
  {
    what: "memory",
    measured: { figure: "memory" },
    consistsOf: "pages of Node's binary (about 60 %), Node's own heap, the program",
    limit: "a bare Node: 39-42 MiB",
    reason:
      "what is left of the program is in use: execa (1.5 MiB), axios (1.5), pino, the HTTP server; V8 without its compilers is already slower",
  },
];

/** @param results those of a run; a figure that is not among them is shown as not measured. */
export function limitsTable(results: readonly Pick<FigureResult, "figure" | "results">[]): string {
  const head = ["figure", "measured", "consists of", "physical limit", "why not there"];
  const rows = LIMITS.map(({ what, measured, consistsOf, limit, reason }) => {
    const value = "text" in measured ? measured.text : medianText(measured.figure, results);
    return [what, value, consistsOf, limit, reason];
  });
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function medianText(name: string, results: readonly Pick<FigureResult, "figure" | "results">[]): string {
  const found = results.find(({ figure }) => figure.name === name);
  const values = found?.results.find(({ contender }) => contender.name === "agent")?.measurements ?? [];
  if (found === undefined || values.length === 0) return "not measured";
  const { median } = summarize(values.map(({ value }) => value));
  return `${formatValue(median)} ${found.figure.unit}`;
}
