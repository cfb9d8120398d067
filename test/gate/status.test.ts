import { expect, it } from "vitest";
import {
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
  { status: { phase: "unavailable", reason: "old kernel" }, text: "not available: old kernel" },
  { status: { phase: "failed", reason: "no nft" }, text: "failed: no nft" },
  { status: { phase: "blocking", reason: "no nft" }, text: "blocks this host's VIPs: no nft" },
])("$status.phase is told as: $text", ({ status, text }) => {
  expect(gateStatusText(status)).toBe(text);
});

it.each([
  { step: "put-up", reason: undefined, phase: "on" },
  { step: "put-up", reason: "no nft", phase: "failed" },
  { step: "take-down", reason: undefined, phase: "failed" },
  { step: "take-down", reason: "no nft", phase: "blocking" },
] as const)("after $step with the failure $reason the gate is $phase", ({ step, reason, phase }) => {
  expect(statusAfter(step, reason).phase).toBe(phase);
});
