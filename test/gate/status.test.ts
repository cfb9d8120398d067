import { expect, it } from "vitest";
import { type GateStatus, gateStatusText, nextGateStep } from "../../src/gate/status.ts";

it.each([
  { untaggedMs: undefined, step: "put-up" },
  { untaggedMs: 0, step: "wait" },
  { untaggedMs: 499, step: "wait" },
  { untaggedMs: 500, step: "take-down" },
  { untaggedMs: Number.POSITIVE_INFINITY, step: "take-down" },
])("with the tag missing for $untaggedMs ms the gate is to $step", ({ untaggedMs, step }) => {
  expect(nextGateStep(untaggedMs)).toBe(step);
});

it.each<{ status: GateStatus; text: string }>([
  { status: { phase: "waiting" }, text: "off, keepalived was not started yet" },
  { status: { phase: "on" }, text: "on" },
  { status: { phase: "unavailable", reason: "old kernel" }, text: "not available: old kernel" },
  { status: { phase: "failed", reason: "no nft" }, text: "down: no nft" },
  { status: { phase: "blocking", reason: "no nft" }, text: "blocks this host's VIPs: no nft" },
])("$status.phase is told as: $text", ({ status, text }) => {
  expect(gateStatusText(status)).toBe(text);
});
