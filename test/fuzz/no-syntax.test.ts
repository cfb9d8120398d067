import { readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Decided } from "./decision.ts";
import { fuzzCase } from "./fuzz-case.ts";
import { readAsKeepalived } from "./keepalived-reading.ts";
import { demandNoSyntax } from "./no-syntax.ts";

const root = path.join(import.meta.dirname, "..", "..");
const TEMPLATE = readFileSync(path.join(root, "templates", "keepalived.conf.njk"), "utf8");
const CASES = 10_000;

describe("no value becomes syntax", () => {
  it(`in ${CASES} cases, whatever environment, labels, metadata and names hold`, { timeout: 300_000 }, () => {
    const kinds: Record<Decided["decision"]["kind"], number> = { accepted: 0, refused: 0 };

    fc.assert(
      fc.property(fuzzCase, (one) => {
        kinds[demandNoSyntax(TEMPLATE, one).decision.kind] += 1;
      }),
      { numRuns: CASES },
    );

    // a fuzz that only ever meets one of the two shows nothing
    expect(kinds.accepted).toBeGreaterThan(CASES / 5);
    expect(kinds.refused).toBeGreaterThan(CASES / 5);
  });
});

describe("the second reading finds", () => {
  it.each([
    { what: "a statement more", text: "a\nb", want: [[["a"]], [["b"]]] },
    { what: "a word more", text: 'a "b c" d', want: [[["a", "b c", "d"]]] },
    { what: "a block within a line", text: "a { b c }", want: [[["a"], [[["b", "c"]]]]] },
  ])("$what", ({ text, want }) => expect(readAsKeepalived(text)).toEqual(want));

  it.each([
    { text: `auth_pass "\${_HASH}"`, why: "replaces a parameter" },
    { text: 'auth_pass "$_HASH, a"', why: "replaces a parameter" },
    { text: 'auth_pass "a\\"', why: "unterminated quote" },
    { text: `file "${"x".repeat(1_020)}"`, why: "cuts a long line" },
    { text: "  @host vrrp_strict", why: "follows a directive" },
    { text: "$X=1", why: "follows a directive" },
    { text: "include /tmp/x", why: "follows a directive" },
    { text: '"~SEQ(x,1,2)\n~SEQ(x,1,2)"', why: "unterminated quote" },
    { text: "}", why: "extra }" },
    { text: 'interface "{"', why: "takes a quoted brace for a block" },
    { text: "a\0b", why: "stops at a zero byte" },
  ])("that keepalived $why in $text", ({ text, why }) => expect(() => readAsKeepalived(text)).toThrow(why));
});
