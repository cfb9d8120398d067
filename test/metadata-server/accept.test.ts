import fc from "fast-check";
import { expect, it } from "vitest";
import { negotiateFormat } from "../../src/metadata-server/accept.ts";

it.each([
  { accept: undefined, want: "text" },
  { accept: "", want: "text" },
  { accept: "*/*", want: "text" },
  { accept: "text/html", want: "text" },
  { accept: "text/*", want: "text" },
  { accept: "application/json", want: "json" },
  { accept: "application/json; charset=utf-8", want: "text" },
  { accept: "application/json;q=.5", want: "text" },
  { accept: "application/json;q=0.5;level=1", want: "json" },
  { accept: "text/yaml, application/json;charset=utf-8, text/plain", want: "yaml" },
  { accept: "application/*", want: "json" },
  { accept: "application/yaml", want: "yaml" },
  { accept: "application/x-yaml", want: "yaml" },
  { accept: "text/yaml", want: "yaml" },
  { accept: "text/x-yaml", want: "yaml" },
  { accept: "application/json, text/plain, */*", want: "text" },
  { accept: "application/json, */*", want: "json" },
  { accept: "application/json, */*;q=0.5", want: "json" },
  { accept: "text/plain;q=0.5, application/json", want: "json" },
  { accept: "application/json;q=0.2, text/yaml;q=0.3", want: "yaml" },
  { accept: "application/json;q=0", want: "text" },
  { accept: "application/json;q=much", want: "text" },
  { accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", want: "text" },
] as const)("answers $accept in $want", ({ accept, want }) => {
  expect(negotiateFormat(accept)).toBe(want);
});

it("finds a format for any header", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("*", "/", ",", ";", "q=", "0", "json", "application") }),
      (accept) => {
        expect(["text", "json", "yaml"]).toContain(negotiateFormat(accept));
      },
    ),
  );
});
