import fc from "fast-check";
import { expect, it } from "vitest";
import { parseRequest } from "../../src/metadata-server/request.ts";

const asks = (version: string, ...path: string[]) => ({ kind: "value", version, path, longPoll: undefined });

it.each([
  { target: "/", want: { kind: "versions" } },
  { target: "/?x=1", want: { kind: "versions" } },
  { target: "/latest", want: asks("latest") },
  { target: "/latest/", want: asks("latest") },
  { target: "/latest/self/host/", want: asks("latest", "self", "host") },
  { target: "/latest/a+b%20c%2Fd%2Be", want: asks("latest", "a b c/d+e") },
  { target: "/latest/%C3%A4", want: asks("latest", "ä") },
  { target: "/latest/%ff", want: asks("latest", "%ff") },
  { target: "/no-such-version/x", want: asks("no-such-version", "x") },
  { target: "http://169.254.169.250/latest/x", want: asks("latest", "x") },
  { target: "//latest", want: { kind: "redirect", location: "/latest" } },
  { target: "/latest//self/", want: { kind: "redirect", location: "/latest/self/" } },
  {
    target: "/latest//version?wait=true&value=x?",
    want: { kind: "redirect", location: "/latest/version?wait=true&value=x?" },
  },
  { target: "/latest/./self/../hosts", want: { kind: "redirect", location: "/latest/hosts" } },
  { target: "/..", want: { kind: "redirect", location: "/" } },
  { target: "", want: { kind: "redirect", location: "/" } },
  { target: "/latest/%zz", want: { kind: "malformed" } },
  { target: "/latest/100%", want: { kind: "malformed" } },
  { target: "/favicon.ico", want: { kind: "unsupported" } },
])("reads GET $target as $want.kind", ({ target, want }) => {
  expect(parseRequest("GET", target)).toEqual(want);
});

it.each(["POST", "PUT", "DELETE", "OPTIONS", "get", ""])("does not support the method %j", (method) => {
  expect(parseRequest(method, "/latest/version")).toEqual({ kind: "unsupported" });
});

it("treats HEAD as GET", () => {
  expect(parseRequest("HEAD", "/latest/version")).toEqual(asks("latest", "version"));
});

it("is a long poll only below a version, not for the whole document of a version", () => {
  const longPoll = { oldValue: "x", maxWaitSeconds: 60 };

  expect(parseRequest("GET", "/latest/version?wait=true&value=x")).toMatchObject({ longPoll });
  expect(parseRequest("GET", "/latest?wait=true&value=x")).toMatchObject({ longPoll: undefined });
});

it("decodes every key that was encoded as a component of a path", () => {
  const key = fc.string({ minLength: 1, unit: "grapheme" }).filter((text) => text !== "." && text !== "..");
  fc.assert(
    fc.property(fc.array(key), (keys) => {
      const target = ["", "latest", ...keys.map(encodeURIComponent)].join("/");
      expect(parseRequest("GET", target)).toEqual(asks("latest", ...keys));
    }),
  );
});

it("never throws and never redirects twice, for any target", () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.string({ unit: fc.constantFrom("/", ".", "%", "a", "?", "+") }),
      (method, target) => {
        parseRequest(method, target);
        const first = parseRequest("GET", target);
        if (first.kind === "redirect") expect(parseRequest("GET", first.location).kind).not.toBe("redirect");
      },
    ),
  );
});
