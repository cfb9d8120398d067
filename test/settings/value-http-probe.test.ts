import * as v from "valibot";
import { expect, it } from "vitest";
import { HTTP_PROBE } from "../../src/settings/value-http-probe.ts";

const parse = (text: string) => v.safeParse(HTTP_PROBE.schema, text);
const url = "http://127.0.0.1:8080/health";

it.each([
  { text: url, statuses: [200, 399], hostHeader: undefined },
  { text: `${url} 204`, statuses: [204, 204], hostHeader: undefined },
  { text: `${url} 200-299`, statuses: [200, 299], hostHeader: undefined },
  { text: `${url} host=app.example.com`, statuses: [200, 399], hostHeader: "app.example.com" },
  { text: `${url}  503\thost=[2001:db8::1]:80`, statuses: [503, 503], hostHeader: "[2001:db8::1]:80" },
  { text: `${url} host=a 200`, statuses: [200, 200], hostHeader: "a" },
])("reads $text", ({ text, statuses, hostHeader }) => {
  expect(parse(text).output).toEqual({ url, statuses, hostHeader });
});

it.each([
  "ftp://127.0.0.1/",
  "http://user:secret@127.0.0.1/",
  `${url} 99`,
  `${url} 600`,
  `${url} 299-200`,
  `${url} 200 201`,
  `${url} host=`,
  `${url} host=a host=b`,
  `${url} host=a/b`,
  `${url} please`,
])("refuses %s", (text) => {
  expect(parse(text).success).toBe(false);
});
