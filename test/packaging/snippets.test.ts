/** The compose files that documents show: both of Rancher's parsers take them as they are. */
import path from "node:path";
import { describe, expect, it } from "vitest";
import { listDocuments } from "../docs/documents.ts";
import { codeBlocks } from "../docs/readme.ts";
import { OF_BOTH, OF_RANCHER_COMPOSE } from "./compose-keys.ts";
import { interpolate } from "./interpolation.ts";
import { parseCompose, readText } from "./packaged-files.ts";
import { parseYaml } from "./yaml-1-1.ts";

const FILES = ["docker-compose.yml", "docker-compose.override.yml", "rancher-compose.yml"];

interface Snippet {
  readonly where: string;
  /** The file that it is, by its first line; undefined where it is no compose file. */
  readonly file: string | undefined;
  readonly text: string;
}

function snippetsOf(name: string): Snippet[] {
  return codeBlocks(readText(name), "yaml").map((text, index) => ({
    where: `block ${index + 1} of ${name}`,
    file: FILES.find((file) => text.startsWith(`# ${file}\n`)),
    text,
  }));
}

/** What a parser refuses in a compose file, or misses. */
function complaints({ file, text }: Snippet): string[] {
  const { version, services } = parseCompose(text);
  const known = file === "rancher-compose.yml" ? OF_RANCHER_COMPOSE : OF_BOTH;
  return [
    // without it network_mode, tmpfs and logging are unknown, and each top-level key is a service
    ...(version === "2" ? [] : [`version ${version}`]),
    ...Object.entries(services ?? {}).flatMap(([name, service]) => [
      ...Object.keys(service).filter((key) => !known.includes(key)),
      ...(file === "docker-compose.yml" && service.image === undefined ? [`${name} has no image`] : []),
    ]),
  ];
}

const snippets = listDocuments().flatMap(snippetsOf);
const compose = snippets.filter(({ file }) => file !== undefined);

describe("a YAML block of a document", () => {
  it.each(snippets.filter(({ file }) => file === undefined))(
    "is no nameless compose file: $where",
    ({ text }) => {
      const keys = Object.keys(parseYaml(text) as object);

      expect(keys.filter((key) => ["version", "services", "keepalived", "metadata"].includes(key))).toEqual(
        [],
      );
    },
  );

  it.each(compose)("is taken by both parsers: $where, $file", (snippet) => {
    expect(complaints(snippet)).toEqual([]);
    expect(() => interpolate(parseCompose(snippet.text).services, {})).not.toThrow();
  });

  it("is a compose file in several documents", () => {
    expect(new Set(compose.map(({ where }) => path.basename(where))).size).toBeGreaterThan(3);
  });

  it.each([
    ["a service without an image", 'version: "2"\nservices:\n  a:\n    labels: {x: "1"}\n'],
    ["no version", "a:\n  image: b\n  network_mode: host\n"],
    ["a key of one parser alone", 'version: "2"\nservices:\n  a:\n    image: b\n    init: true\n'],
  ])("would not pass with %s", (_, text) => {
    expect(complaints({ where: "", file: "docker-compose.yml", text })).not.toEqual([]);
  });
});
