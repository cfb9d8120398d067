/** docs/design/benchmarks.md, whose results `npm run bench -- --docs` writes. */
import { describe, expect, it } from "vitest";
import { FIGURES } from "../bench/catalogue.ts";
import { readDocument, section } from "./readme.ts";

const results = section(readDocument("docs/design/benchmarks.md"), "results");

describe("docs/design/benchmarks.md", () => {
  it.each(FIGURES)("has the results of $name, by how it is measured now", ({ title, how }) => {
    expect(results).toContain(`### ${title}\n\n${how} `);
    expect(results).toContain(`| ${title} `);
  });

  it("says which machine, with what load", () => {
    expect(results).toMatch(/\d cores of .+ keepalived \d+\.\d+\.\d+\. Load before the run: [\d.]+\./s);
  });
});
