/** All documents: their links, the settings that they name, and the commands that they give. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { ERRORS } from "../../src/errors.ts";
import { ALL_ROWS } from "../../src/settings/table.ts";
import { listDocuments } from "./documents.ts";
import { codeBlocks, codeLines, ROOT, readDocument } from "./readme.ts";

const names = listDocuments();
const variables = ALL_ROWS.flatMap(({ variable }) => variable ?? []);
const metadataKeys = [...ALL_ROWS.flatMap(({ metadata }) => metadata ?? []), "instances"];
const labels = ALL_ROWS.flatMap(({ label }) => label ?? []);

it("lie in docs by what the reader wants: to use it, to operate it, or to know how it works", () => {
  const folders = names
    .filter((name) => name.startsWith("docs/"))
    .map((name) => name.split("/").slice(0, -1).join("/"));

  expect([...new Set(folders)]).toEqual(["docs/design", "docs/operate", "docs/use"]);
});

it("are all in the README's table of documents, but for the README of the catalog entry", () => {
  const readme = readDocument("README.md");
  const listed = names.filter((name) => name !== "README.md" && !name.startsWith("rancher/"));

  expect(listed.filter((name) => !readme.includes(`](${name})`))).toEqual([]);
});

/** What looks like a setting and is one, an error, or somebody else's word. */
const KNOWN_WORDS = new Set([
  ...variables,
  ...Object.keys(ERRORS),
  ...[
    "CATTLE_PREROUTING",
    "CATTLE_AGENT_IP",
    "NET_ADMIN",
    "NET_RAW",
    "NET_BROADCAST",
    "SYS_NICE",
    "RT_GROUP_SCHED",
    "LC_ALL",
    "NO_COLOR",
    "FORCE_COLOR",
  ],
  ...["DEBIAN_BASE", "NODE_BASE", "DOCKER_BUILDKIT"],
  ...["MALLOC_ARENA_MAX", "MALLOC_MMAP_THRESHOLD_", "NODE_COMPILE_CACHE"],
]);

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

  it("has shell blocks that a shell reads", () => {
    const refused = codeBlocks(text, "sh").filter(
      (block) => spawnSync("sh", ["-n"], { input: block }).status !== 0,
    );

    expect(refused).toEqual([]);
  });

  it("names settings, labels and errors that exist", () => {
    const words = [...text.matchAll(/`([A-Z]+(?:_[A-Z]+)+)\b/g)].map(([, word = ""]) => word);
    const keys = [...text.matchAll(/(labels? )?`keepalived\.(?!conf`)(?:web\.|mail\.)?([a-z._]+)[`=]/g)];
    const isKnown = ([, isLabel, key = ""]: RegExpExecArray) =>
      labels.includes(key) || (isLabel === undefined && metadataKeys.includes(key));

    expect(words.filter((word) => !KNOWN_WORDS.has(word))).toEqual([]);
    expect(keys.filter((match) => !isKnown(match)).map(([shown]) => shown)).toEqual([]);
  });
});

describe("the commands that replace containers", () => {
  const lines = names.flatMap((name) => codeLines(readDocument(name), "sh"));
  const rancherLines = lines.filter((line) => line.startsWith("rancher-compose "));
  const replacing = rancherLines.filter((line) => line.includes(" --upgrade"));
  const ending = rancherLines.filter((line) => /--(?:confirm-upgrade|rollback)/.test(line));

  it.each(replacing)("take one host after the other, with time between them: %s", (line) => {
    const [, intervalMs] = /--interval (\d+)$/.exec(line) ?? [];

    expect(line).toContain(" -d ");
    expect(line).toContain("--batch-size 1 ");
    expect(Number(intervalMs)).toBeGreaterThanOrEqual(10_000);
  });

  it.each(ending)("end an upgrade without beginning another one: %s", (line) => {
    expect(line).toMatch(/ up -d --(?:confirm-upgrade|rollback)$/);
  });

  it.each(rancherLines)("take their variables from a file, as a missing one is a change: %s", (line) => {
    expect(line).toContain("rancher-compose -e vips.env -p vips ");
  });

  it("are the upgrade, its confirmation and its way back", () => {
    expect([replacing.length, ending.length]).toEqual([1, 2]);
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
