/** README.md: one sitting long, and what it shows is what there is. */
import { readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { COMMANDS } from "../../src/cli/commands.ts";
import { optionRow } from "../../src/cli/options.ts";
import { ALL_ROWS } from "../../src/settings/table.ts";
import { listDocuments } from "./documents.ts";
import { codeLines, ROOT, readDocument, tableRows } from "./readme.ts";

const readme = readDocument("README.md");
const { version } = JSON.parse(readDocument("package.json")) as { version: string };

/** The rows of the first table below a heading. */
function tableBelow(heading: string): string[][] {
  const [, part = ""] = readme.split(`\n## ${heading}\n`);
  return tableRows(/^\|.*\n(?:\|.*\n)+/m.exec(part)?.[0] ?? "");
}

describe("README.md", () => {
  it("is read in one sitting", () => {
    expect(readme.split("\n").length).toBeLessThanOrEqual(250);
  });

  it("lists each command once, in the order of the help", () => {
    const names = tableBelow("Commands").map(([usage = ""]) => /^`([a-z-]+)/.exec(usage)?.[1]);

    expect(names).toEqual(COMMANDS.map(({ name }) => name));
  });

  it.each(tableBelow("Commands"))("shows options that the command takes: %s", (usage = "") => {
    const command = COMMANDS.find(({ name }) => usage.startsWith(`\`${name}`));
    const taken = command?.options.flatMap((option) => [`--${option}`, `-${optionRow(option).short}`]) ?? [];

    expect(taken).toEqual(expect.arrayContaining(usage.match(/(?<=[ [])-{1,2}[a-z]+/g) ?? []));
  });

  it.each(tableBelow("The settings that matter"))(
    "shows %s with its own label and metadata key",
    (name, place = "") => {
      const row = ALL_ROWS.find(({ variable }) => `\`${variable}\`` === name);
      const [, kinds = "", key] = /^(.+) `(.+)`$/.exec(place) ?? [];

      expect(row).toBeDefined();
      if (kinds.includes("label")) expect(row?.label).toBe(key);
      if (kinds.includes("metadata")) expect(row?.metadata).toBe(key);
    },
  );

  it("asks for the commands that bring a newcomer on", () => {
    expect(codeLines(readme, "sh")).toEqual(
      expect.arrayContaining(["npm run demo", "npm test", "rancher-keepalived journal"]),
    );
  });
});

describe("the image's tag in the documents", () => {
  const examples = readdirSync(path.join(ROOT, "examples")).map((name) => `examples/${name}`);
  const tags = [...listDocuments(), ...examples, "Dockerfile", "docker-compose.yml"]
    .filter((name) => name !== "docs/operate/upgrade.md") // it tells of another version's tag
    .flatMap((name) => [...readDocument(name).matchAll(/rancher-keepalived:([\w.]+)/g)])
    .map(([, tag]) => tag);

  it("is the version, by which compose files and catalog find it", () => {
    expect(new Set(tags)).toEqual(new Set([version]));
  });

  it("is given wherever the image is built", () => {
    for (const name of ["README.md", "docs/use/image.md", "Dockerfile"]) {
      const builds = readDocument(name).match(/docker build (?:.*\\\n)*.*$/gm) ?? [];

      expect(builds.length, name).toBeGreaterThan(0);
      for (const build of builds) expect(build, name).toMatch(/-t \S+:\d+\.\d+\.\d+ \.$/);
    }
  });
});
