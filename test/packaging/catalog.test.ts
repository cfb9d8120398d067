/** The repository is a catalog: Rancher walks all of it, so what must not look like an entry matters, too. */
import { readdirSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { beforeAll, describe, expect, it } from "vitest";
import {
  CATALOG,
  CONFIG,
  catalog,
  ENTRY,
  parseCompose,
  REVISIONS,
  ROOT,
  readText,
  TOP,
} from "./packaged-files.ts";

let files: string[];

beforeAll(async () => {
  const { stdout } = await execa("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    cwd: ROOT,
  });
  files = stdout.split("\n");
});

/** What the walker of Rancher's catalog service takes a file for: the entry that it makes, or a revision of it. */
function takenFor(file: string): string | undefined {
  const [top = "", entry, revision, ...rest] = file.split("/");
  if (entry === undefined) return undefined;
  const name = path.basename(file);
  const isOfEntry = name === "config.yml" || name.startsWith("catalogIcon") || /^readme\.md/i.test(name);
  const isRevision = /^(\d+|v?\d+\.\d+\.\d+\S*)$/.test(revision ?? "") && rest.length > 0;
  return isOfEntry || isRevision ? `${top}/${entry}` : undefined;
}

describe("the repository as a catalog", () => {
  it("has one entry, and nothing else that Rancher takes for one", () => {
    const taken = files.map(takenFor).filter((entry) => entry !== undefined);

    expect(new Set(taken)).toEqual(new Set([ENTRY]));
  });

  it("keeps its template of keepalived.conf where the walker finds nothing in it", () => {
    expect(files).toContain("templates/keepalived.conf.njk");
    expect(
      files.filter((file) => file.startsWith("templates/")).flatMap((file) => takenFor(file) ?? []),
    ).toEqual([]);
  });

  it("has its entry below a folder whose name has no dash, or it would not be listed for Cattle", () => {
    expect(ENTRY.split("/")[0]).not.toContain("-");
  });

  it("has in the entry what Rancher looks for, and nothing in its way", () => {
    const below = readdirSync(path.join(ROOT, ENTRY));

    expect(below.toSorted()).toEqual([...REVISIONS, "catalogIcon-rancher-keepalived.svg", "config.yml"]);
    for (const revision of REVISIONS) {
      expect(readdirSync(path.join(ROOT, ENTRY, revision)).toSorted()).toEqual([
        "README.md",
        "docker-compose.yml",
        "rancher-compose.yml",
      ]);
    }
  });

  it.each([
    ["docs/a/config.yml", "docs/a"],
    ["docs/README.md", "docs/README.md"],
    ["test/fixtures/1/a.txt", "test/fixtures"],
    ["README.md", undefined],
    ["test/docs/readme.ts", undefined],
    ["a/b/1", undefined],
  ])("would take %s for %s", (file, entry) => expect(takenFor(file)).toBe(entry));
});

describe("the version", () => {
  const { version } = JSON.parse(readText("package.json")) as { version: string };

  it("is the same text in package.json, config.yml and the newest revision", () => {
    expect([CONFIG["version"], catalog["version"]]).toEqual([version, version]);
  });

  it("is the tag of every image", () => {
    const images = [TOP, CATALOG].flatMap(({ docker }) => Object.values(parseCompose(docker).services));

    expect(images.map(({ image }) => image.split(":").at(-1))).toEqual([version, version, version]);
  });

  it("has as many revisions as releases, numbered from 0", () => {
    expect(REVISIONS.map(Number).toSorted((a, b) => a - b)).toEqual(REVISIONS.map((_, index) => index));
    expect(catalog["uuid"]).toBe(`rancher-keepalived-${REVISIONS.length - 1}`);
  });
});
