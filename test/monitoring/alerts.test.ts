/** Each alert by Prometheus' own rule engine: when it fires, when it does not, and when it is over. */
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { codeBlocks, readDocument } from "../docs/readme.ts";
import { promtool, RULES } from "./promtool.ts";

/** Values of series each 5 s, in promtool's notation: `1x60` is 61 times 1, `_` a scrape without the series. */
type Series = Readonly<Record<string, string>>;

interface Case {
  readonly alert: string;
  readonly what: string;
  readonly series: Series;
  /** Which of its labels tells one firing alert from another. */
  readonly by?: string;
  /** What fires at a time after the start: the values of that label. */
  readonly firing: Readonly<Record<string, readonly string[]>>;
}

const JOB = 'job="rancher-keepalived"';
const H1 = `${JOB},instance="h1:9650"`;
const H2 = `${JOB},instance="h2:9650"`;
const metric = (name: string, host: string, labels = "") =>
  `rancher_keepalived_${name}{${host}${labels === "" ? "" : `,${labels}`}}`;
const MAIN = 'group="main"';
const VIP = `${MAIN},vip="192.168.10.100"`;
const owner = (host: string) => metric("is_owner", host, VIP);
const became = (host: string) => metric("transitions_total", host, `${MAIN},state="MASTER"`);
const spare = (host: string) => metric("can_take_over", host, MAIN);
const peers = (host: string) => metric("peers", host, MAIN);
const up = (host: string) => `up{${host}}`;

const CASES: readonly Case[] = [
  {
    alert: "VipTotalLoss",
    what: "all agents are gone at 60 s, and one is back at 150 s",
    series: { [up(H1)]: "1x11 0x17 1x20", [up(H2)]: "1x11 0x40", [owner(H1)]: "1x11 stale _x17 1x20" },
    by: "job",
    firing: { "55s": [], "85s": [], "95s": ["rancher-keepalived"], "155s": [] },
  },
  {
    alert: "VipTotalLoss",
    what: "agents answer, and none has a group",
    series: { [up(H1)]: "1x40", [up(H2)]: "1x40" },
    by: "job",
    firing: { "25s": [], "35s": ["rancher-keepalived"] },
  },
  {
    alert: "VipTotalLoss",
    what: "Prometheus has no target",
    series: { 'up{job="node"}': "1x40" },
    by: "job",
    firing: { "25s": [], "35s": [""] },
  },
  {
    alert: "VipTotalLoss",
    what: "all agents of one of two services are gone",
    series: {
      [up(H1)]: "1x40",
      [owner(H1)]: "1x40",
      'up{job="rancher-keepalived-web",instance="h3:9650"}': "0x40",
    },
    by: "job",
    firing: { "35s": ["rancher-keepalived-web"] },
  },
  {
    alert: "VipWithoutOwner",
    what: "no host owns it for 20 s",
    series: { [owner(H1)]: "1x5 0x3 1x20", [owner(H2)]: "0x30" },
    by: "vip",
    firing: { "30s": [], "35s": [], "40s": ["192.168.10.100"], "50s": [] },
  },
  {
    alert: "VipWithoutOwner",
    what: "a failover is seen in between",
    series: { [owner(H1)]: "1x5 0x20", [owner(H2)]: "0x6 1x20" },
    firing: { "35s": [], "60s": [] },
  },
  {
    alert: "VipWithoutOwner",
    what: "the owner's host is dead, and the other one is not allowed",
    series: { [owner(H1)]: "1x5 stale", [owner(H2)]: "0x30" },
    by: "vip",
    firing: { "25s": [], "40s": ["192.168.10.100"] },
  },
  {
    alert: "VipWithTwoOwners",
    what: "two owners for 45 s",
    series: { [owner(H1)]: "1x40", [owner(H2)]: "0x5 1x8 0x30" },
    by: "vip",
    firing: { "35s": [], "40s": ["192.168.10.100"], "70s": ["192.168.10.100"], "80s": [] },
  },
  {
    alert: "VipWithTwoOwners",
    what: "the former owner died and is told of for two more scrapes",
    series: { [owner(H1)]: "1x7 stale", [owner(H2)]: "0x5 1x30" },
    firing: { "35s": [], "40s": [], "45s": [] },
  },
  {
    alert: "VipSplitBrainSuspected",
    what: "a host suspects another owner",
    series: {
      [metric("split_brain_suspected", H1, `${MAIN},cause="foreign-router"`)]: "0x3 1x10 0x10",
      [metric("split_brain_suspected", H1, `${MAIN},cause="same-mac"`)]: "0x30",
    },
    by: "cause",
    firing: { "25s": [], "30s": ["foreign-router"], "75s": [] },
  },
  {
    alert: "VipWithoutSpare",
    what: "the only other host cannot take over",
    series: {
      [owner(H1)]: "1x60",
      [owner(H2)]: "0x60",
      [spare(H1)]: "0x60",
      [spare(H2)]: "1x3 0x30 1x30",
      [peers(H1)]: "1x60",
      [peers(H2)]: "1x60",
    },
    by: "group",
    firing: { "135s": [], "140s": ["main"], "175s": [] },
  },
  {
    alert: "VipWithoutSpare",
    what: "the only other host is dead",
    series: {
      [owner(H1)]: "1x60",
      [spare(H1)]: "0x60",
      [spare(H2)]: "1x3 stale",
      [peers(H1)]: "1x60",
    },
    by: "group",
    firing: { "145s": ["main"] },
  },
  {
    alert: "VipWithoutSpare",
    what: "the only other host was deleted from Rancher, and ends as a peer after 30 s",
    series: {
      [owner(H1)]: "1x60",
      [spare(H1)]: "0x60",
      [spare(H2)]: "1x3 stale",
      [peers(H1)]: "1x9 0x60",
      [peers(H2)]: "1x3 stale",
    },
    by: "group",
    firing: { "135s": [], "145s": ["main"], "290s": ["main"] },
  },
  {
    alert: "VipWithoutSpare",
    what: "a group has one host, as somebody wants it",
    series: { [owner(H1)]: "1x60", [spare(H1)]: "0x60", [peers(H1)]: "0x60" },
    firing: { "290s": [] },
  },
  {
    alert: "VipFlapping",
    what: "five moves within ten minutes, and none after that",
    series: { [became(H1)]: "0x9 1x19 2x19 3x200", [became(H2)]: "0x19 1x19 2x200", [owner(H1)]: "1x300" },
    by: "group",
    firing: { "195s": [], "300s": ["main"], "900s": [] },
  },
  {
    alert: "VipFlapping",
    what: "three moves, as in an upgrade of three hosts",
    series: { [became(H1)]: "0x9 1x19 2x200", [became(H2)]: "0x19 1x200" },
    firing: { "150s": [], "300s": [], "600s": [] },
  },
  {
    alert: "VipDrainForgotten",
    what: "a host is drained for four hours and five minutes",
    series: {
      [metric("drained", H1, MAIN)]: "1x2940 0x20",
      [metric("drained", H2, MAIN)]: "0x9 1x700 0x3000",
    },
    by: "instance",
    firing: { "3h59m": [], "4h1m": ["h1:9650"], "4h6m": [] },
  },
  {
    alert: "VipMetadataStale",
    what: "metadata does not answer after a restart",
    series: { [metric("metadata_source", H1, 'source="last-good"')]: "0x3 1x40 0x20" },
    by: "source",
    firing: { "130s": [], "140s": ["last-good"], "225s": [] },
  },
  {
    alert: "VipMetadataStale",
    what: "metadata was last read at the start, and is read again after 20 minutes",
    series: { [metric("metadata_read_timestamp_seconds", H1)]: "0x240 1200x20" },
    by: "instance",
    firing: { "900s": [], "1015s": [], "1030s": ["h1:9650"], "1210s": [] },
  },
  {
    alert: "VipConfigurationRejected",
    what: "a configuration is refused, and then no longer wanted",
    series: { [metric("configuration_rejected", H1)]: "0x3 1x20 0x20" },
    by: "instance",
    firing: { "75s": [], "80s": ["h1:9650"], "125s": [] },
  },
  {
    alert: "VipCheckUnknown",
    what: "a check cannot tell",
    series: { [metric("check_verdict", H1, `${MAIN},check="ports",verdict="unknown"`)]: "0x3 1x20 0x20" },
    by: "check",
    firing: { "75s": [], "80s": ["ports"], "125s": [] },
  },
  {
    alert: "VipAgentDown",
    what: "an agent does not answer, and the other one does",
    series: { [up(H1)]: "1x3 0x20 1x20", [up(H2)]: "1x60", 'up{job="node",instance="h1"}': "0x60" },
    by: "instance",
    firing: { "45s": [], "50s": ["h1:9650"], "125s": [] },
  },
  {
    alert: "VipKeepalivedDown",
    what: "keepalived does not run, for 25 s and then for longer",
    series: { [metric("keepalived_running", H1)]: "0x5 1x3 0x20" },
    by: "instance",
    firing: { "30s": [], "75s": [], "85s": ["h1:9650"] },
  },
  {
    alert: "VipHostNotReady",
    what: "a host is not ready for 15 minutes",
    series: { [metric("ready", H1)]: "0x190 1x20", [metric("ready", H2)]: "0x60 1x150" },
    by: "instance",
    firing: { "895s": [], "905s": ["h1:9650"], "1000s": [] },
  },
  {
    alert: "VipKeepalivedRestarting",
    what: "keepalived keeps dying, and runs at each scrape",
    series: {
      [metric("keepalived_exits_total", H1)]: "0x5 1x3 2x3 3x10 4x200",
      [metric("keepalived_exits_total", H2)]: "0x3 3x200",
      [metric("keepalived_running", H1)]: "1x220",
    },
    by: "instance",
    firing: { "120s": [], "130s": ["h1:9650"], "600s": ["h1:9650"], "800s": [] },
  },
];

/** promtool's test of one case: JSON is YAML, too. */
function ruleTest({ alert, series, by = "alertname", firing }: Case): string {
  const expr = `count by (${by}) (ALERTS{alertname="${alert}",alertstate="firing"})`;
  return JSON.stringify({
    rule_files: [RULES],
    evaluation_interval: "5s",
    tests: [
      {
        interval: "5s",
        input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
        promql_expr_test: Object.entries(firing).map(([time, names]) => ({
          expr,
          eval_time: time,
          exp_samples: names.map((name) => ({ labels: name === "" ? "{}" : `{${by}="${name}"}`, value: 1 })),
        })),
      },
    ],
  });
}

describe("an alert", () => {
  it.each(CASES)("$alert: $what", async (each) => {
    expect(await promtool(["test", "rules"], "case.yml", ruleTest(each))).toBe("");
  });

  it("is shown here where it fires, where it does not, and where it is over, each of them", () => {
    const rules: { groups: { rules: { alert: string }[] }[] } = parse(
      readDocument("docs/operate/monitoring/alerts.yml"),
    );
    const fired = CASES.filter(({ firing }) => Object.values(firing).some(({ length }) => length > 0));
    const names = rules.groups.flatMap((group) => group.rules.map(({ alert }) => alert));

    expect(names.filter((name) => !fired.some(({ alert }) => alert === name))).toEqual([]);
  });
});

it("the rules are seen to fail: two owners who do not last long enough are no alert", async () => {
  const [brief] = CASES.filter(({ what }) => what === "two owners for 45 s");
  const wrong = { ...brief!, series: { [owner(H1)]: "1x40", [owner(H2)]: "0x5 1x1 0x30" } };

  expect(await promtool(["test", "rules"], "case.yml", ruleTest(wrong))).toContain("FAILED");
});

it("the printed prometheus.yml is one that Prometheus takes, and evaluates as often as it scrapes", async () => {
  const [config = ""] = codeBlocks(readDocument("docs/operate/monitoring.md"), "yaml");
  const { global } = parse(config);

  expect(await promtool(["check", "config"], "prometheus.yml", config.replace("alerts.yml", RULES))).toBe("");
  expect(global.evaluation_interval).toBe("5s");
  expect(global.scrape_interval).toBe("5s");
});
