import { expect, it } from "vitest";
import { routeOf } from "../../src/http/answer.ts";
import { METRIC_PREFIX, METRICS } from "../../src/metrics/table.ts";
import { readDocument, section, tableRows } from "./readme.ts";

it("docs/use/http.md has each metric once, with its type, its labels and what it says", () => {
  const rows = tableRows(section(readDocument("docs/use/http.md"), "metrics"));
  const wanted = Object.entries(METRICS).map(([name, { type, labels, help }]) => [
    `\`${METRIC_PREFIX}${name}\``,
    type,
    labels.map((label) => `\`${label}\``).join(", "),
    help,
  ]);

  expect(rows).toEqual(wanted);
});

it("docs/use/http.md has each route that is served, and no other", () => {
  const http = readDocument("docs/use/http.md");
  const shown = [...http.matchAll(/^\| `(\/[a-z]*)` \|/gm)].map(([, route = ""]) => route);
  const refusal = routeOf("GET", "/nothing");
  const served = typeof refusal === "string" ? [] : (refusal.body.match(/\/[a-z]*/g) ?? []);

  expect(shown.toSorted()).toEqual(served.toSorted());
});
