import { readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT, readDocument } from "./readme.ts";

const ICON = "rancher/rancher-keepalived/catalogIcon-rancher-keepalived.svg";
const PLOTS = ["docs/design/benchmarks", "docs/design/performance"].flatMap((folder) =>
  readdirSync(path.join(ROOT, folder)).map((name) => `${folder}/${name}`),
);
const PICTURES = ["docs/pictures/overview.svg", "docs/operate/rancher-example.svg", ...PLOTS];

/** What keeps `xml` from being one well-formed element; made for files without comments and CDATA. */
function xmlProblems(xml: string): string[] {
  const tag = /<(\/?)([\w:-]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/g;
  const open: string[] = [];
  const problems: string[] = [];
  for (const [text, closing, name = "", attributes = "", selfClosing] of xml.matchAll(tag)) {
    const names = [...attributes.matchAll(/([\w:-]+)=/g)].map(([, attribute]) => attribute);
    if (new Set(names).size < names.length) problems.push(`an attribute twice: ${text}`);
    if (closing && open.pop() !== name) problems.push(`unexpected ${text}`);
    if (!closing && !selfClosing) open.push(name);
  }
  if (open.length > 0) problems.push(`not closed: ${open.join(", ")}`);
  const text = xml.replaceAll(tag, "");
  if (/[<>]/.test(text)) problems.push("a < or > outside of a tag");
  if (/&(?!(amp|lt|gt|quot|apos|#\d+);)/.test(xml)) problems.push("an & that starts no entity");
  return problems;
}

describe.each([...PICTURES, ICON])("%s", (name) => {
  const svg = readDocument(name);

  it("is well-formed XML", () => {
    expect(xmlProblems(svg)).toEqual([]);
    expect(svg).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
  });

  it("fetches nothing: its namespace is the only URL, and every reference is to an id of its own", () => {
    const urls = svg.match(/[a-z]+:\/\/[^"\s)]+/g);
    const ids = [...svg.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
    const references = [...svg.matchAll(/href="#([^"]+)"|url\(#([^)]+)\)/g)].map(
      ([, href, url]) => href ?? url,
    );

    expect(urls).toEqual(["http://www.w3.org/2000/svg"]);
    expect(references.filter((id) => !ids.includes(id))).toEqual([]);
    expect(svg).not.toMatch(/href="(?!#)|url\((?!#)|@import|@font-face|<script/);
  });
});

describe.each(PICTURES)("%s", (name) => {
  const svg = readDocument(name);

  it("has a look for dark screens, and words for those who do not see it", () => {
    expect(svg).toContain("@media (prefers-color-scheme: dark)");
    expect(svg).toMatch(/<title id="title">.+<\/title>\n\s*<desc id="description">.+<\/desc>/);
  });
});

describe("the look at XML", () => {
  it.each([
    ["a tag that is not closed", "<svg><g></svg>"],
    ["a tag that was never opened", "<svg></g></svg>"],
    ["an attribute without quotes", "<svg width=1></svg>"],
    ["an attribute twice", '<svg id="a" id="b"></svg>'],
    ["a lone &", "<svg>a & b</svg>"],
  ])("finds %s", (_, broken) => expect(xmlProblems(broken)).not.toEqual([]));
});
