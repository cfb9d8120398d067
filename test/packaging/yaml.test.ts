import { readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { listDocuments } from "../docs/documents.ts";
import { codeBlocks } from "../docs/readme.ts";
import { ENTRY, ROOT, readText } from "./packaged-files.ts";
import { ambiguousWords, parseYaml } from "./yaml-1-1.ts";

const files = [
  ...readdirSync(ROOT),
  ...["rancher", "examples"].flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" }).map(
      (name) => `${folder}/${name}`,
    ),
  ),
].filter((name) => name.endsWith(".yml"));
const markdown = listDocuments();
const blocks = markdown.flatMap((name) =>
  codeBlocks(readText(name), "yaml").map((text, index) => ({
    name: `block ${index + 1} of ${name}`,
    text,
  })),
);
const texts = [...files.map((name) => ({ name, text: readText(name) })), ...blocks];

describe("YAML that ships", () => {
  it("is at the top, in the catalog entry, in the examples and in the documents", () => {
    expect(files.filter((name) => !name.startsWith("examples/")).toSorted()).toEqual([
      "docker-compose.yml",
      "rancher-compose.yml",
      `${ENTRY}/0/docker-compose.yml`,
      `${ENTRY}/0/rancher-compose.yml`,
      `${ENTRY}/config.yml`,
    ]);
    expect(blocks.length).toBeGreaterThan(5);
  });

  it.each(texts)("$name is YAML 1.1", ({ text }) => {
    expect(parseYaml(text)).toBeTypeOf("object");
  });

  it.each(texts)(
    "$name has no word that YAML 1.1 takes for a boolean or a number by surprise",
    ({ text }) => {
      expect(ambiguousWords(text)).toEqual([]);
    },
  );

  it.each(["n: a", "on: a", "51: a", "a: yes", "- off", "[y]: a"])("would not pass with %s", (text) => {
    expect(ambiguousWords(text)).not.toEqual([]);
  });

  it("would not pass with a key twice", () => {
    expect(() => parseYaml("a: 1\na: 2")).toThrow(/unique/);
  });

  it("would not pass with a tab", () => {
    expect(() => parseYaml("a:\n\t- b")).toThrow();
  });
});
