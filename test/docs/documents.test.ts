/** The documents beside README.md: their links, the settings that they name, and the commands that they give. */
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { ERRORS } from "../../src/errors.ts";
import { ALL_ROWS } from "../../src/settings/table.ts";
import { codeLines, ROOT, readDocument } from "./readme.ts";

const names = [
  ...readdirSync(path.join(ROOT, "docs")).map((name) => `docs/${name}`),
  "rancher/rancher-keepalived/0/README.md",
  "SECURITY.md",
].filter((name) => name.endsWith(".md"));
const variables = ALL_ROWS.flatMap(({ variable }) => variable ?? []);
const labels = ALL_ROWS.flatMap(({ label }) => label ?? []);

it("are those of docs, the README of the catalog entry and SECURITY.md", () => {
  expect(names).toEqual([
    "docs/architecture.md",
    "docs/benchmarks.md",
    "docs/migrate.md",
    "docs/model.md",
    "docs/monitoring.md",
    "docs/operate.md",
    "docs/performance.md",
    "docs/planned-changes.md",
    "docs/port-check.md",
    "docs/rancher-example.md",
    "docs/reliability.md",
    "docs/split-brain.md",
    "docs/template.md",
    "docs/upgrade.md",
    "rancher/rancher-keepalived/0/README.md",
    "SECURITY.md",
  ]);
});

describe.each(names)("%s", (name) => {
  const text = readDocument(name);

  it("links to what exists", () => {
    const targets = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, target = ""]) => target);
    const lost = targets.filter((target) => {
      if (target.startsWith("https://")) return false;
      const [file = "", anchor] = target.split("#");
      const linked = file === "" ? name : path.join(path.dirname(name), file);
      return (
        !existsSync(path.join(ROOT, linked)) || (anchor !== undefined && !anchorsOf(linked).includes(anchor))
      );
    });

    expect(lost).toEqual([]);
  });

  it("names settings, labels and errors that exist", () => {
    const words = [...text.matchAll(/`([A-Z]+(?:_[A-Z]+)+)\b/g)].map(([, word = ""]) => word);
    const known = [...variables, ...Object.keys(ERRORS), "CATTLE_PREROUTING", "CATTLE_AGENT_IP", "NET_ADMIN"];
    const ofHosts = [...text.matchAll(/`keepalived\.(?:web\.|mail\.)?([a-z.]+)[`=]/g)].map(
      ([, key = ""]) => key,
    );

    expect(words.filter((word) => !known.includes(word) && !/^NET_(RAW|BROADCAST)$/.test(word))).toEqual([]);
    expect(ofHosts.filter((key) => !labels.includes(key))).toEqual([]);
  });
});

describe("the commands that replace containers", () => {
  const lines = names.flatMap((name) => codeLines(readDocument(name), "sh"));
  const replacing = lines.filter((line) => line.includes("--upgrade") && !line.includes("--confirm-upgrade"));

  it.each(replacing)("take one host after the other, with time between them: %s", (line) => {
    const [, intervalMs] = /--interval (\d+)$/.exec(line) ?? [];

    expect(line).toContain(" -d ");
    expect(line).toContain("--batch-size 1 ");
    expect(Number(intervalMs)).toBeGreaterThanOrEqual(10_000);
  });

  it("are the upgrade and its way back", () => {
    expect(replacing).toHaveLength(2);
  });
});

/** Anchors of a document's headings, as hosters of repositories make them. */
function anchorsOf(name: string): string[] {
  const headings = [...readDocument(name).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w -]/g, "")
      .replaceAll(" ", "-"),
  );
}
