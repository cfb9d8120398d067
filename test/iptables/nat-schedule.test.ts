import { describe, expect, it } from "vitest";
import {
  hasRancherChain,
  isLegacyReadDue,
  isNftReadDue,
  minPauseMs,
  type RuleChanges,
} from "../../src/iptables/nat-schedule.ts";
import type { TableRead } from "../../src/iptables/table-read.ts";
import { HOOK, hookedSave } from "../fixtures/nat-saves.ts";

const chain: TableRead = { kind: "table", text: hookedSave() };
const other: TableRead = { kind: "table", text: "*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n" };
const absent: TableRead = { kind: "absent" };
const failed: TableRead = { kind: "error", reason: "timeout" };
const unusable: TableRead = { kind: "error", reason: "iptables-unusable" };

it.each([
  { why: "an empty chain counts", read: chain, want: true },
  { why: "a table without the chain", read: other, want: false },
  { why: "no table at all", read: absent, want: false },
  { why: "a failed read", read: failed, want: false },
  {
    why: "only a rule that names the chain",
    read: { kind: "table", text: `*nat\n${HOOK}\nCOMMIT\n` } as const,
    want: false,
  },
  {
    why: "a chain whose name begins with it",
    read: { kind: "table", text: "*nat\n:CATTLE_PREROUTING_2 - [0:0]\nCOMMIT\n" } as const,
    want: false,
  },
])("hasRancherChain is $want: $why", ({ read, want }) => {
  expect(hasRancherChain(read)).toBe(want);
});

describe("isNftReadDue", () => {
  const quiet: RuleChanges = { isListening: true, changedAtMs: 0 };
  const notListening: RuleChanges = { isListening: false, changedAtMs: 0 };

  it.each([
    { why: "nft was never read", nft: absent, legacy: chain, changes: quiet, ageMs: Infinity, want: true },
    {
      why: "failed 2 s ago, legacy has the chain",
      nft: failed,
      legacy: chain,
      changes: quiet,
      ageMs: 2_000,
      want: true,
    },
    {
      why: "failed just now, legacy has the chain",
      nft: failed,
      legacy: chain,
      changes: quiet,
      ageMs: 1_749,
      want: false,
    },
    {
      why: "has the chain, not listening",
      nft: chain,
      legacy: absent,
      changes: notListening,
      ageMs: 1,
      want: true,
    },
    {
      why: "has the chain, no change reported",
      nft: chain,
      legacy: absent,
      changes: quiet,
      ageMs: 29_749,
      want: false,
    },
    {
      why: "has the chain, no change reported, read nearly 30 s ago",
      nft: chain,
      legacy: absent,
      changes: quiet,
      ageMs: 29_750,
      want: true,
    },
    {
      why: "has the chain, changed 19 s ago, read 5 s ago",
      nft: chain,
      legacy: absent,
      changes: { isListening: true, changedAtMs: 81_000 },
      ageMs: 5_000,
      want: true,
    },
    {
      why: "has the chain, changed 19 s ago, read a moment less ago",
      nft: chain,
      legacy: absent,
      changes: { isListening: true, changedAtMs: 81_000 },
      ageMs: 4_749,
      want: false,
    },
    {
      why: "no chain, no change reported",
      nft: other,
      legacy: other,
      changes: quiet,
      ageMs: 29_749,
      want: false,
    },
    {
      why: "no chain, not listening",
      nft: other,
      legacy: other,
      changes: notListening,
      ageMs: 1,
      want: true,
    },
    {
      why: "both have the chain, no change reported",
      nft: chain,
      legacy: chain,
      changes: quiet,
      ageMs: 29_749,
      want: false,
    },
    {
      why: "only legacy has the chain, not listening",
      nft: other,
      legacy: chain,
      changes: notListening,
      ageMs: 9_749,
      want: false,
    },
    {
      why: "only legacy has the chain, not listening, read 10 s ago",
      nft: other,
      legacy: chain,
      changes: notListening,
      ageMs: 10_000,
      want: true,
    },
    {
      why: "only legacy has the chain, no change reported",
      nft: other,
      legacy: chain,
      changes: quiet,
      ageMs: 29_749,
      want: false,
    },
    {
      why: "only legacy has the chain, no change reported, read 30 s ago",
      nft: other,
      legacy: chain,
      changes: quiet,
      ageMs: 30_000,
      want: true,
    },
    {
      why: "only legacy has the chain, nft changed since its read",
      nft: other,
      legacy: chain,
      changes: { isListening: true, changedAtMs: 99_000 },
      ageMs: 2_000,
      want: true,
    },
    {
      why: "only legacy has the chain, nft changed again just after its read",
      nft: other,
      legacy: chain,
      changes: { isListening: true, changedAtMs: 99_000 },
      ageMs: 1_749,
      want: false,
    },
    {
      why: "only legacy has the chain, nft cannot be run",
      nft: unusable,
      legacy: chain,
      changes: notListening,
      ageMs: 9_749,
      want: false,
    },
    { why: "the last read failed", nft: failed, legacy: absent, changes: quiet, ageMs: 1, want: true },
    {
      why: "changed since its read",
      nft: chain,
      legacy: absent,
      changes: { isListening: true, changedAtMs: 98_900 },
      ageMs: 1_500,
      want: true,
    },
    {
      why: "changed less than 1 s ago, and read since",
      nft: chain,
      legacy: absent,
      changes: { isListening: true, changedAtMs: 99_001 },
      ageMs: 100,
      want: true,
    },
    {
      why: "changed 1 s ago, and read since",
      nft: chain,
      legacy: absent,
      changes: { isListening: true, changedAtMs: 99_000 },
      ageMs: 100,
      want: false,
    },
  ])("$want: $why", ({ nft, legacy, changes, ageMs, want }) => {
    const nowMs = 100_000;

    expect(isNftReadDue({ nft, legacy }, changes, { readAtMs: nowMs - ageMs, nowMs })).toBe(want);
  });

  it("is each 5 s after a change that was not reported, until the next report", () => {
    const isDue = (changes: RuleChanges, ageMs: number) =>
      isNftReadDue(
        { nft: chain, legacy: absent },
        changes,
        { readAtMs: 100_000 - ageMs, nowMs: 100_000 },
        40_000,
      );

    expect(isDue(quiet, 5_000)).toBe(true);
    expect(isDue(quiet, 4_749)).toBe(false);
    expect(isDue({ isListening: true, changedAtMs: 50_000 }, 5_000)).toBe(false);
  });
});

describe("isLegacyReadDue", () => {
  const quiet: RuleChanges = { isListening: true, changedAtMs: 0 };

  it.each([
    { why: "it was never read", legacy: absent, changes: quiet, ageMs: Infinity, want: true },
    {
      why: "changes are not told",
      legacy: chain,
      changes: { isListening: false, changedAtMs: 0 },
      ageMs: 1,
      want: true,
    },
    { why: "no change was told", legacy: chain, changes: quiet, ageMs: 4_749, want: false },
    { why: "no change was told for 5 s", legacy: chain, changes: quiet, ageMs: 5_000, want: true },
    { why: "the table was absent", legacy: absent, changes: quiet, ageMs: 1, want: true },
    { why: "the last read failed", legacy: failed, changes: quiet, ageMs: 1, want: true },
    {
      why: "changed since its read",
      legacy: chain,
      changes: { isListening: true, changedAtMs: 98_900 },
      ageMs: 1_500,
      want: true,
    },
    {
      why: "changed less than 1 s ago, and read since",
      legacy: chain,
      changes: { isListening: true, changedAtMs: 99_001 },
      ageMs: 100,
      want: true,
    },
    {
      why: "changed 1 s ago, and read since",
      legacy: chain,
      changes: { isListening: true, changedAtMs: 99_000 },
      ageMs: 100,
      want: false,
    },
  ])("$want: $why", ({ legacy, changes, ageMs, want }) => {
    const nowMs = 100_000;

    expect(isLegacyReadDue(legacy, changes, { readAtMs: nowMs - ageMs, nowMs })).toBe(want);
  });
});

it.each([
  { why: "the chain in nft, changes of nft told", nft: chain, legacy: absent, told: ["nft"], want: 5_000 },
  { why: "the chain in nft, of legacy told", nft: chain, legacy: absent, told: ["legacy"], want: 0 },
  { why: "the chain in legacy, of legacy told", nft: other, legacy: chain, told: ["legacy"], want: 5_000 },
  { why: "the chain in legacy, of nft told", nft: other, legacy: chain, told: ["nft"], want: 0 },
  { why: "the chain in both, both told", nft: chain, legacy: chain, told: ["nft", "legacy"], want: 5_000 },
  { why: "the chain in both, one told", nft: chain, legacy: chain, told: ["nft"], want: 0 },
  { why: "no chain", nft: other, legacy: absent, told: ["nft", "legacy"], want: 0 },
])("minPauseMs is $want: $why", ({ nft, legacy, told, want }) => {
  const isListening = { nft: told.includes("nft"), legacy: told.includes("legacy") };

  expect(minPauseMs({ nft, legacy }, isListening)).toBe(want);
});
