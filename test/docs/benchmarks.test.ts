/** docs/design/benchmarks.md, whose results `npm run bench -- --docs` writes. */
import { describe, expect, it } from "vitest";
import { FIGURES } from "../bench/catalogue.ts";
import { LIMITS } from "../bench/limits.ts";
import { readDocument, section } from "./readme.ts";

const text = readDocument("docs/design/benchmarks.md");
const results = section(text, "results");

describe("docs/design/benchmarks.md", () => {
  it.each(FIGURES)("has the results of $name, by how it is measured now", ({ title, how }) => {
    expect(results).toContain(`### ${title}\n\n${how} `);
    expect(results).toContain(`| ${title} `);
  });

  it.each(LIMITS)("has what limits: $what", ({ what, measured, consistsOf, limit, reason }) => {
    const value = "text" in measured ? measured.text : expect.stringMatching(/^[\d.]+ (ms|MiB|% of a core)$/);
    const rows = section(text, "limits").split("\n");
    const cells = rows.map((row) => row.split(" | ").map((cell) => cell.replace(/^\| | \|$/g, "")));

    expect(cells).toContainEqual([what, value, consistsOf, limit, reason]);
    if ("figure" in measured) expect(FIGURES.map(({ name }) => name)).toContain(measured.figure);
  });

  it("says which machine, with what load", () => {
    expect(results).toMatch(/\d cores of .+ keepalived \d+\.\d+\.\d+\. Load before the run: [\d.]+\./s);
  });
});
