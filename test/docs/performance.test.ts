/** docs/design/performance.md, whose results `npm run bench:growth -- --docs` writes. */
import { describe, expect, it } from "vitest";
import { readDocument, section } from "./readme.ts";

const text = readDocument("docs/design/performance.md");

describe("docs/design/performance.md", () => {
  it.each([
    { part: "core", growths: 3 },
    { part: "agent", growths: 4 },
  ])("has a law and its residual for each growth of the $part", ({ part, growths }) => {
    const results = section(text, part);

    expect(results.match(/^\| law \|.+\n\| residual \|.+%/gm)).toHaveLength(growths);
    expect(results).toMatch(/\d cores of .+ keepalived \d+\.\d+\.\d+\. Load before the run: [\d.]+\./s);
    expect(results).toContain(`](performance/${part}-cpu.svg)`);
  });

  it("has what `status` costs, how many VIPs are announced, and what peers cost an owner, up to a thousand and beside multicast", () => {
    const limits = section(text, "limits");

    expect(limits).toMatch(/^\| groups \| bare Node, ms \| .+\n.+\n(\| .+\n)*\| 50 \| /m);
    expect(limits).toMatch(/^\| 300 \| the agent's \| .+\n\| 300 \| keepalived's own \| /m);
    expect(limits).toMatch(/^\| 1000 \| .+ \|$/m);
    expect(limits).toMatch(/^\| multicast \| .+ \|$/m);
  });

  it("has an upgrade of a thousand hosts, in which no owner missed a host that could take over", () => {
    const rows = section(text, "upgrade").trim().split("\n").slice(2);
    const unheardByOwner = rows.map((row) => row.split("|").at(-4)?.trim());

    expect(rows.some((row) => row.startsWith("| 1000 |"))).toBe(true);
    expect(unheardByOwner).toEqual(rows.map(() => "0"));
  });
});
