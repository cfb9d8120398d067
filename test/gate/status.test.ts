import { expect, it } from "vitest";
import {
  type GateOutcome,
  type GateStatus,
  gateStatusText,
  isHoldDue,
  nextGateStep,
  statusAfter,
} from "../../src/gate/status.ts";

it.each([
  { untaggedMs: undefined, step: "put-up" },
  { untaggedMs: 0, step: "wait" },
  { untaggedMs: 499, step: "wait" },
  { untaggedMs: 500, step: "take-down" },
  { untaggedMs: Number.POSITIVE_INFINITY, step: "take-down" },
])("with the tag missing for $untaggedMs ms the gate is to $step", ({ untaggedMs, step }) => {
  expect(nextGateStep(untaggedMs)).toBe(step);
});

it.each([
  { blockingMs: undefined, isDue: false },
  { blockingMs: 0, isDue: true },
  { blockingMs: 29_999, isDue: true },
  { blockingMs: 30_000, isDue: false },
])("groups are held back after $blockingMs ms of blocking: $isDue", ({ blockingMs, isDue }) => {
  expect(isHoldDue(blockingMs)).toBe(isDue);
});

it.each<{ status: GateStatus; text: string }>([
  { status: { phase: "waiting" }, text: "off, keepalived was not started yet" },
  { status: { phase: "on" }, text: "on" },
  { status: { phase: "on", reason: "not for IPv6: no nft" }, text: "on, but not for IPv6: no nft" },
  { status: { phase: "unavailable", reason: "old kernel" }, text: "not available: old kernel" },
  { status: { phase: "failed", reason: "no nft" }, text: "failed: no nft" },
  { status: { phase: "blocking", reason: "no nft" }, text: "may block this host's VIPs: no nft" },
])("$status.phase is told as: $text", ({ status, text }) => {
  expect(gateStatusText(status)).toBe(text);
});

const SET = { phase: "set", reason: "too old" } as const;

it.each<{ step: "put-up" | "take-down"; outcome: Partial<GateOutcome>; status: object }>([
  { step: "put-up", outcome: {}, status: { phase: "on" } },
  { step: "put-up", outcome: { reason: "no nft" }, status: { phase: "failed", reason: "no nft" } },
  {
    step: "put-up",
    outcome: { without: ["ip6"] },
    status: { phase: "on", reason: "not for IPv6: too old" },
  },
  { step: "take-down", outcome: {}, status: { phase: "failed" } },
  { step: "take-down", outcome: { reason: "no nft" }, status: { phase: "blocking", reason: "no nft" } },
  {
    step: "take-down",
    outcome: { attempt: { phase: "failed", reason: "no flags" } },
    status: { phase: "unavailable", reason: "no flags" },
  },
  {
    step: "take-down",
    outcome: { left: "no nft", attempt: { phase: "failed", reason: "no flags" } },
    status: { phase: "blocking", reason: "no nft" },
  },
  { step: "put-up", outcome: { left: "no nft" }, status: { phase: "blocking", reason: "no nft" } },
])("after $step with $outcome the gate is $status", ({ step, outcome, status }) => {
  const whole = { reason: undefined, left: undefined, attempt: SET, without: [], ...outcome };
  expect(statusAfter(step, whole)).toMatchObject(status);
});
