/** The guide for the night: it has an answer for each alert, and for each reason that the journal gives. */
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { parseCommandLine } from "../../src/cli/command-line.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import type { ErrorCode } from "../../src/errors.ts";
import type { JournalEntry, JournalEvent } from "../../src/journal/event.ts";
import { deriveMoves } from "../../src/journal/moves.ts";
import { SPLIT_BRAIN_CAUSES } from "../../src/split-brain/causes.ts";
import { readDocument } from "./readme.ts";

const guide = readDocument("docs/operate/operate.md");
const alerts: { groups: { rules: { alert: string }[] }[] } = parse(
  readDocument("docs/operate/monitoring/alerts.yml"),
);
const names = alerts.groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));

it.each(names)("has a section for the alert %s, and leads to it", (name) => {
  expect(guide).toContain(`\n## ${name}\n`);
  expect(guide).toContain(`[${name}](#${name.toLowerCase()})`);
});

it.each(names)("begins with one command at the alert %s, and it is one that can be run", (name) => {
  const [, rest = ""] = guide.split(`\n## ${name}\n`);
  const [section = ""] = rest.split("\n## ");
  const commands = [...section.matchAll(/\*\*Run\*\* `([^`]+)`/g)].map(([, command = ""]) => command);

  expect(commands).toHaveLength(1);
  const words = (commands[0] ?? "").split(" ");
  if (words[0] !== "curl") expect(() => parseCommandLine(words, COMMANDS)).not.toThrow();
});

it.each(SPLIT_BRAIN_CAUSES)("leads to what to do about the split brain cause %s", (cause) => {
  const [, alert = ""] = guide.split("\n## VipSplitBrainSuspected\n");
  expect(alert.split("\n## ")[0]).toContain("(../design/split-brain.md)");
  expect(readDocument("docs/design/split-brain.md")).toMatch(new RegExp(`^\\| [^|]*\`${cause}\`.*\\|$`, "m"));
});

describe("the index by what an operator sees", () => {
  const [, index = ""] = guide.split("\n| you see | read |\n");
  const rows = index.split("\n\n")[0] ?? "";

  it("leads to each section but the one for scripts", () => {
    const sections = [...guide.matchAll(/^## (.+)$/gm)].map(([, heading = ""]) => heading);
    const symptoms = sections.filter((heading) => !names.includes(heading) && heading !== "For scripts");

    expect(symptoms.length).toBeGreaterThan(6);
    expect(symptoms.filter((heading) => !rows.includes(`[${heading}](#`))).toEqual([]);
  });

  it.each<ErrorCode | "MASTER" | "FAULT">([
    "MASTER",
    "FAULT",
    "METADATA_UNREACHABLE",
    "KEEPALIVED_EXITED",
    "AGENT_UNREACHABLE",
    "CLAIM_TAKEN",
    "LISTEN_FAILED",
    "CONF_UNWRITABLE",
  ])("has the word %s, which is what they read on the screen", (word) => {
    expect(rows).toContain(`\`${word}\``);
  });
});

const at = "2026-11-22T03:14:07.000Z";
const group = "web";
const check = { group, check: "ports", verdict: "unhealthy", onset: at } as const;

/** Why the VIP left, after that event. */
function reasonOf(event: JournalEvent): string {
  const left: JournalEvent = { kind: "transition", group, from: "MASTER", to: "FAULT" };
  const entries: JournalEntry[] = [event, left].map((each) => ({ at, ...each }));
  return deriveMoves(entries)[0]?.sentence.split(": ").slice(1).join(": ") ?? "";
}

describe("a reason of the journal is in the guide", () => {
  it.each<{ event: JournalEvent; words: string }>([
    {
      event: { kind: "check", ...check, reason: "80/tcp: port-not-published" },
      words: "port 80/tcp not published",
    },
    { event: { kind: "agent-stopping" }, words: "the agent was stopped" },
    {
      event: { kind: "keepalived-ended", reason: "keepalived ended by SIGKILL" },
      words: "keepalived ended by SIGKILL",
    },
    { event: { kind: "link", interface: "eth0", isUp: false }, words: "link eth0 went down" },
    { event: { kind: "drain", group, by: "command" }, words: "drained by command" },
    { event: { kind: "change", group, to: "x" }, words: "a planned change of the group" },
    { event: { kind: "agent-frozen", durationMs: 6_200 }, words: "the agent did not run for 6.2 s" },
    { event: { kind: "lease-ended", address: "x" }, words: "ran out, as nothing renewed it" },
    { event: { kind: "address-lost", address: "x", isVip: true }, words: "another program removed" },
    {
      event: { kind: "yielded", group, address: "x", priority: 2, ownPriority: 1 },
      words: "has a higher priority",
    },
    {
      event: { kind: "yielded", group, address: "x", priority: 1, ownPriority: 1 },
      words: "was owner too, with the same priority",
    },
    { event: { kind: "keepalived-started" }, words: "the journal does not say why" },
  ])("$words", ({ event, words }) => {
    expect(reasonOf(event)).toContain(words);
    expect(guide.split("\n").filter((line) => line.startsWith("| ") && line.includes(words))).not.toEqual([]);
  });
});
