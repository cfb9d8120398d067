/** The files for Prometheus and Grafana: what they ask for is what the agent tells. */
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { journalJson, toReadableJournal } from "../../src/journal/readable.ts";
import { METRIC_PREFIX, METRICS } from "../../src/metrics/table.ts";
import { ALL_ROWS } from "../../src/settings/table.ts";
import { codeBlocks, readDocument } from "./readme.ts";

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: {
    readonly summary: string;
    readonly description: string;
    readonly runbook_url: string;
  };
}
interface Panel {
  readonly id: number;
  readonly title: string;
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const alerts: { groups: { interval: string; rules: Rule[] }[] } = parse(
  readDocument("docs/operate/monitoring/alerts.yml"),
);
const rules = alerts.groups.flatMap((group) => group.rules);
const dashboard: { panels: Panel[]; templating: { list: { name: string; definition?: string }[] } } =
  JSON.parse(readDocument("docs/operate/monitoring/grafana-dashboard.json"));
const queries = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
const variables = dashboard.templating.list.flatMap(({ definition }) => definition ?? []);

/** Given by Prometheus itself to every series. */
const SCRAPE_LABELS = ["job", "instance"];
const OTHERS = ["up", "process_resident_memory_bytes", "process_cpu_seconds_total"];

/** Labels of each metric that an expression may name, with those of a histogram's series. */
const KNOWN = new Map<string, readonly string[]>(OTHERS.map((name) => [name, SCRAPE_LABELS]));
for (const [name, { type, labels }] of Object.entries(METRICS)) {
  const isHistogram = type === "histogram";
  const all = [...labels, ...SCRAPE_LABELS, ...(isHistogram ? ["le"] : [])];
  KNOWN.set(`${METRIC_PREFIX}${name}${isHistogram ? "_bucket" : ""}`, all);
}

/** What an expression of PromQL asks for that is not there; made for expressions without quotes in quotes. */
function unknownIn(expr: string): string[] {
  const uses = [...expr.matchAll(/\b((?:rancher_keepalived|process|nodejs)_\w+|up)\b(?:\{([^}]*)\})?/g)];
  if (uses.length === 0) return [`no metric in ${expr}`];
  const wrong = uses.flatMap(([, name = "", selector = ""]) => {
    const labels = KNOWN.get(name);
    if (labels === undefined) return [name];
    const asked = [...selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g)].map(([, label = ""]) => label);
    return asked.filter((label) => !labels.includes(label)).map((label) => `${name}{${label}}`);
  });
  const used = new Set(uses.flatMap(([, name = ""]) => KNOWN.get(name) ?? []));
  const grouped = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = ""]) => list.split(/,\s*/));
  return [...wrong, ...grouped.filter((label) => !used.has(label)).map((label) => `by (${label})`)];
}

function isBalanced(expr: string): boolean {
  const rest = expr.replaceAll(/"[^"]*"/g, "");
  return ["()", "{}", "[]"].every(
    ([open = "", close = ""]) => rest.split(open).length === rest.split(close).length,
  );
}

describe("the alert rules", () => {
  it("are those that an operator needs", () => {
    expect(rules.map(({ alert }) => alert)).toEqual([
      "VipTotalLoss",
      "VipWithoutOwner",
      "VipWithTwoOwners",
      "VipSplitBrainSuspected",
      "VipWithoutSpare",
      "VipFlapping",
      "VipDrainForgotten",
      "VipMetadataStale",
      "VipConfigurationRejected",
      "VipCheckUnknown",
      "VipAgentDown",
      "VipKeepalivedDown",
      "VipKeepalivedRestarting",
      "VipHostNotReady",
    ]);
  });

  it.each(rules)(
    "$alert asks for what there is, and says what to do",
    ({ expr, labels, annotations, ...rule }) => {
      expect(unknownIn(expr)).toEqual([]);
      expect(isBalanced(expr)).toBe(true);
      expect(["critical", "warning", "info"]).toContain(labels.severity);
      expect(rule.for ?? "10s").toMatch(/^\d+[smh]$/);
      expect(annotations.summary).toMatch(/^\S.{15,}$/);
      expect(annotations.description).toMatch(/^\S.{60,}\.$|\?$/);
      const said = `${annotations.summary} ${annotations.description}`;
      const settings = said.match(/\b[A-Z]+_[A-Z_]+\b/g) ?? [];
      expect(settings.filter((name) => ALL_ROWS.every(({ variable }) => variable !== name))).toEqual([]);
    },
  );

  it("are evaluated as often as agents are asked, whatever prometheus.yml says", () => {
    expect(alerts.groups.map(({ interval }) => interval)).toEqual(["5s"]);
  });

  it.each(rules)("$alert leads to its section of the guide", ({ alert, annotations }) => {
    const [, withLabel, without = ""] =
      /^\{\{ with \$externalLabels\.runbooks \}\}(.*)\{\{ else \}\}(.*)$/.exec(annotations.runbook_url) ?? [];
    const [file = "", anchor] = without.replace("{{ end }}", "").split("#");

    expect(withLabel).toBe("{{ . }}");
    expect(file).toBe("docs/operate/operate.md");
    expect(anchor).toBe(alert.toLowerCase());
    expect(readDocument(file)).toContain(`\n## ${alert}\n`);
  });

  it.each(rules)(
    "$alert names in its text only labels that its expression leaves",
    ({ expr, annotations }) => {
      const [, by] = /^sum by \(([^)]*)\)/.exec(expr) ?? [];
      const metrics = [...expr.matchAll(/\b(rancher_keepalived_\w+|up)\b/g)].flatMap(
        ([, name = ""]) => KNOWN.get(name) ?? [],
      );
      const left = by === undefined ? metrics : by.split(/,\s*/);
      const named = [
        ...Object.values(annotations)
          .join(" ")
          .matchAll(/\$labels\.(\w+)/g),
      ].map(([, label = ""]) => label);

      expect(named.filter((label) => !left.includes(label))).toEqual([]);
    },
  );
});

describe("the dashboard", () => {
  it("has panels with titles and ids of their own, each with a query", () => {
    const { panels } = dashboard;

    expect(panels.length).toBeGreaterThan(8);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
    expect(panels.filter(({ targets }) => targets.length === 0)).toEqual([]);
  });

  it.each([...queries, ...variables])("asks for what there is: %s", (expr) => {
    expect(unknownIn(expr)).toEqual([]);
    expect(isBalanced(expr)).toBe(true);
  });

  it("shows labels in legends that the series have", () => {
    for (const { targets } of dashboard.panels) {
      for (const { expr, legendFormat } of targets) {
        const asked = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = ""]) => label);
        expect(unknownIn(`sum by (${asked.join(", ") || "job"}) (${expr})`), legendFormat).toEqual([]);
      }
    }
  });
});

describe("the look at PromQL", () => {
  it.each([
    ["a metric that does not exist", "rancher_keepalived_owner == 0"],
    ["a label that it does not have", 'rancher_keepalived_ready{group="main"} == 0'],
    ["a grouping by a label that it does not have", "sum by (vip) (rancher_keepalived_priority)"],
    ["no metric at all", "vector(1)"],
  ])("finds %s", (_, expr) => expect(unknownIn(expr)).not.toEqual([]));
});

it("the example of /journal has each field that an answer has", () => {
  const example = codeBlocks(readDocument("docs/operate/monitoring.md"), "json").find((text) =>
    text.includes('"moves"'),
  );
  const { entries, moves } = JSON.parse(example ?? "");
  const [entry] = entries;
  const owned = { ...entry, from: "BACKUP", to: "MASTER", words: undefined };
  const answer = JSON.parse(journalJson(toReadableJournal([owned, { ...entry, words: undefined }])));

  expect(entries).toEqual([answer.entries[1]]);
  expect(Object.keys(moves[0])).toEqual(Object.keys(answer.moves[1]));
});
