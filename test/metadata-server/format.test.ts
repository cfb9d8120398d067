import fc from "fast-check";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { renderError, renderValue } from "../../src/metadata-server/format.ts";

it.each([
  { value: "as it is", text: "as it is" },
  { value: "", text: "" },
  { value: null, text: "" },
  { value: true, text: "true" },
  { value: false, text: "false" },
  { value: 100, text: "100" },
  { value: -7, text: "-7" },
  { value: 1e21, text: "1000000000000000000000" },
  { value: 0.25, text: "0.25" },
  { value: 0.000_000_1, text: "0" },
  { value: {}, text: "" },
  { value: [], text: "" },
  { value: { b: 1, "a/b c": {}, list: [], "!": null }, text: "%21\na%2Fb+c/\nb\nlist/\n" },
  { value: [{ name: "Node 1", uuid: "u" }, { uuid: "u" }], text: "0=Node+1\n1=u\n" },
  { value: [{ name: null, uuid: "u" }, { x: 1 }, [], "s", null], text: "0=u\n1/\n2/\n3\n4\n" },
  { value: [{ name: "\ud800" }], text: "0=%EF%BF%BD\n" },
])("lists or prints $value as text", ({ value, text }) => {
  expect(renderValue(value, "text")).toBe(text);
});

it.each([
  { format: "text", body: "Not found\n" },
  { format: "json", body: '{"code":404,"message":"Not found","type":"error"}\n' },
  { format: "yaml", body: "code: 404\nmessage: Not found\ntype: error\n\n" },
] as const)("ends an error in $format with a newline", ({ format, body }) => {
  expect(renderError(404, "Not found", format)).toBe(body);
});

it("writes JSON and YAML that read back as the value, YAML 1.1 included", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const plain = JSON.parse(JSON.stringify(value));
      expect(JSON.parse(renderValue(plain, "json"))).toEqual(plain);
      const yaml = renderValue(plain, "yaml");
      expect(parse(yaml, { version: "1.1" })).toEqual(plain);
      expect(parse(yaml, { version: "1.2" })).toEqual(plain);
    }),
    {
      examples: [[[{ "": { "": { "<<": 0 } } }]], [{ "<<": { a: "<<" } }], [["051", "0o14", "12:30", "yes"]]],
    },
  );
});

it("quotes in YAML what older parsers misread, and writes repeated objects without aliases", () => {
  const shared = { switch: "yes", octal: "051", "<<": "a" };

  expect(renderValue([shared, shared], "yaml")).toBe(
    '- "<<": a\n  octal: "051"\n  switch: "yes"\n- "<<": a\n  octal: "051"\n  switch: "yes"\n',
  );
});

it("renders any value as text", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(renderValue(value, "text")).toBeTypeOf("string");
    }),
  );
});
