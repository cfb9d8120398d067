import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  holdsRancherChain,
  isNftDue,
  keepUnchanged,
  type NatChanges,
  restMs,
} from "../../src/iptables/nat-freshness.ts";
import { saveOfListing, withoutMoment } from "../../src/iptables/save-text.ts";
import { parseNatTable } from "../../src/iptables/table.ts";
import type { BackendRead } from "../../src/iptables/table-read.ts";
import { HOOK, hookedSave, saveOf } from "../fixtures/nat-saves.ts";

const chain: BackendRead = { kind: "table", text: hookedSave() };
const other: BackendRead = { kind: "table", text: "*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n" };
const absent: BackendRead = { kind: "absent" };
const failed: BackendRead = { kind: "error", reason: "timeout" };
const unusable: BackendRead = { kind: "error", reason: "iptables-unusable" };

it.each([
  { why: "an empty one counts", read: chain, want: true },
  { why: "a table without it", read: other, want: false },
  { why: "no table", read: absent, want: false },
  { why: "no answer", read: failed, want: false },
  {
    why: "a rule that names it",
    read: { kind: "table", text: `*nat\n${HOOK}\nCOMMIT\n` } as const,
    want: false,
  },
  {
    why: "a chain whose name begins with it",
    read: { kind: "table", text: "*nat\n:CATTLE_PREROUTING_2 - [0:0]\nCOMMIT\n" } as const,
    want: false,
  },
])("Rancher's chain is found: $why", ({ read, want }) => {
  expect(holdsRancherChain(read)).toBe(want);
});

describe("nft is read again", () => {
  const quiet: NatChanges = { isListening: true, changedAtMs: 0 };
  const unheard: NatChanges = { isListening: false, changedAtMs: 0 };

  it.each([
    { why: "never read yet", nft: absent, legacy: chain, changes: quiet, ageMs: Infinity, want: true },
    {
      why: "failed 2 s ago, legacy holds",
      nft: failed,
      legacy: chain,
      changes: quiet,
      ageMs: 2_000,
      want: true,
    },
    {
      why: "failed just now, legacy holds",
      nft: failed,
      legacy: chain,
      changes: quiet,
      ageMs: 1_999,
      want: false,
    },
    {
      why: "holds the chain, nobody listens",
      nft: chain,
      legacy: absent,
      changes: unheard,
      ageMs: 1,
      want: true,
    },
    {
      why: "holds the chain, nothing heard",
      nft: chain,
      legacy: absent,
      changes: quiet,
      ageMs: 4_999,
      want: false,
    },
    {
      why: "holds the chain, nothing heard for long",
      nft: chain,
      legacy: absent,
      changes: quiet,
      ageMs: 5_000,
      want: true,
    },
    {
      why: "nobody holds it, nothing heard",
      nft: other,
      legacy: other,
      changes: quiet,
      ageMs: 4_999,
      want: false,
    },
    {
      why: "nobody holds it, nobody listens",
      nft: other,
      legacy: other,
      changes: unheard,
      ageMs: 1,
      want: true,
    },
    {
      why: "both hold it, nothing heard",
      nft: chain,
      legacy: chain,
      changes: quiet,
      ageMs: 4_999,
      want: false,
    },
    {
      why: "legacy holds it, nobody listens",
      nft: other,
      legacy: chain,
      changes: unheard,
      ageMs: 9_999,
      want: false,
    },
    {
      why: "legacy holds it, nobody listens for long",
      nft: other,
      legacy: chain,
      changes: unheard,
      ageMs: 10_000,
      want: true,
    },
    {
      why: "legacy holds it, nothing heard",
      nft: other,
      legacy: chain,
      changes: quiet,
      ageMs: 29_999,
      want: false,
    },
    {
      why: "legacy holds it, nothing heard for long",
      nft: other,
      legacy: chain,
      changes: quiet,
      ageMs: 30_000,
      want: true,
    },
    {
      why: "legacy holds it, nft changed since",
      nft: other,
      legacy: chain,
      changes: { isListening: true, changedAtMs: 99_000 },
      ageMs: 2_000,
      want: true,
    },
    {
      why: "legacy holds it, nft changed since, and goes on",
      nft: other,
      legacy: chain,
      changes: { isListening: true, changedAtMs: 99_000 },
      ageMs: 1_999,
      want: false,
    },
    {
      why: "legacy holds it, nft cannot be run",
      nft: unusable,
      legacy: chain,
      changes: unheard,
      ageMs: 9_999,
      want: false,
    },
    { why: "it failed", nft: failed, legacy: absent, changes: quiet, ageMs: 1, want: true },
    {
      why: "changed since",
      nft: chain,
      legacy: absent,
      changes: { isListening: true, changedAtMs: 98_900 },
      ageMs: 1_500,
      want: true,
    },
    {
      why: "changed a moment ago, and read since",
      nft: chain,
      legacy: absent,
      changes: { isListening: true, changedAtMs: 99_001 },
      ageMs: 100,
      want: true,
    },
    {
      why: "changed a while ago, and read since",
      nft: chain,
      legacy: absent,
      changes: { isListening: true, changedAtMs: 99_000 },
      ageMs: 100,
      want: false,
    },
  ])("$want: $why", ({ nft, legacy, changes, ageMs, want }) => {
    const nowMs = 100_000;

    expect(isNftDue({ nft, legacy }, changes, { readAtMs: nowMs - ageMs, nowMs })).toBe(want);
  });
});

it.each([
  { why: "nft's rules, and somebody listens", nft: chain, legacy: absent, isListening: true, want: 5_000 },
  { why: "nft's rules, and nobody listens", nft: chain, legacy: absent, isListening: false, want: 0 },
  { why: "legacy's rules", nft: other, legacy: chain, isListening: true, want: 0 },
  { why: "rules of both", nft: chain, legacy: chain, isListening: true, want: 0 },
  { why: "no rules", nft: other, legacy: absent, isListening: true, want: 0 },
])("$why are left alone for $want ms", ({ nft, legacy, isListening, want }) => {
  expect(restMs({ nft, legacy }, isListening)).toBe(want);
});

describe("a reading that says the same", () => {
  it("is the same object", () => {
    expect(keepUnchanged(chain, { kind: "table", text: hookedSave() })).toBe(chain);
  });

  it.each([
    { before: chain, read: other },
    { before: chain, read: failed },
    { before: failed, read: chain },
    { before: absent, read: absent },
  ])("and any other is not kept back", ({ before, read }) => {
    expect(keepUnchanged(before, read)).toBe(read);
  });
});

const dated = (moment: string, counts: string, rules: readonly string[]) =>
  [
    `# Generated by iptables-nft-save v1.8.9 (nf_tables) on ${moment}`,
    "*nat",
    `:PREROUTING ACCEPT [${counts}]`,
    ":CATTLE_PREROUTING - [0:0]",
    ...rules,
    "COMMIT",
    `# Completed on ${moment}`,
    "",
  ].join("\n");

describe("a save", () => {
  it.each([{ rules: [] }, { rules: [HOOK, "-A CATTLE_PREROUTING -j RETURN"] }])(
    "with $rules is the same at another time and with other counts",
    ({ rules }) => {
      const save = withoutMoment(dated("Sun Nov 22 12:26:41 2026", "0:0", rules));

      expect(withoutMoment(dated("Mon Nov 23 01:02:03 2026", "12:3456", rules))).toBe(save);
      expect(save).toBe(saveOf(rules));
    },
  );

  it("keeps a comment of a rule that looks like a date", () => {
    const rule = '-A CATTLE_PREROUTING -m comment --comment "x\n# Completed on a day\n" -j RETURN';

    expect(withoutMoment(dated("today", "0:0", [rule]))).toContain(rule);
  });

  it("keeps the one line that says that nft cannot be expressed", () => {
    const save = "# Table `nat' is incompatible, use 'nft' tool.\n";

    expect(withoutMoment(save)).toBe(save);
  });

  it("that was cut short stays so, wherever the cut is", () => {
    const save = dated("today", "1:2", [HOOK]);
    const whole = save.indexOf("COMMIT") + "COMMIT".length;
    fc.assert(
      fc.property(fc.nat({ max: whole - 1 }), (length) => {
        expect(parseNatTable(withoutMoment(save.slice(0, length)))).toEqual({ problem: "truncated" });
      }),
    );
  });
});

describe("a listing", () => {
  it.each([
    { rules: [] },
    { rules: [HOOK, '-A CATTLE_PREROUTING -m comment --comment "\n-P X DROP\n" -j RETURN'] },
  ])("with $rules becomes the save of the same table", ({ rules }) => {
    const listing = ["-P PREROUTING ACCEPT", "-N CATTLE_PREROUTING", ...rules, ""].join("\n");

    expect(saveOfListing(listing)).toBe(saveOf(rules));
  });
});
