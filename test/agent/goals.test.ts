import { expect, it } from "vitest";
import { createGoals } from "../../src/agent/goals.ts";
import { AgentError } from "../../src/errors.ts";
import type { DesiredState } from "../../src/groups/desired-state.ts";
import type { Instance } from "../../src/vrrp/instance.ts";
import { INSTANCE } from "../fixtures/desired.ts";

const NEXT: Instance = { ...INSTANCE, virtualRouterId: 61 };
const wanted = (instances: readonly Instance[], refused: readonly string[] = []) =>
  ({
    desired: { routerId: "node-1", instances },
    refusals: new Map(refused.map((name) => [name, new AgentError("SETTING_REFUSED", "vrid")])),
  }) as unknown as DesiredState;

it("goes on with what a group was to become, in a planned change alone", () => {
  const goals = createGoals();
  goals.note(wanted([NEXT]));
  expect(goals.ofRefused([INSTANCE], true)).toEqual([NEXT]);
  expect(goals.ofRefused([INSTANCE], false)).toEqual([INSTANCE]);
});

it("keeps the goal while the settings are refused, and knows none of a group that was never derived", () => {
  const goals = createGoals();
  expect(goals.ofRefused([INSTANCE], true)).toEqual([INSTANCE]);
  goals.note(wanted([NEXT]));
  goals.note(wanted([INSTANCE], ["main"]));
  expect(goals.ofRefused([INSTANCE], true)).toEqual([NEXT]);
});

it("forgets a group that is gone", () => {
  const goals = createGoals();
  goals.note(wanted([NEXT]));
  goals.note(wanted([]));
  expect(goals.ofRefused([INSTANCE], true)).toEqual([INSTANCE]);
});
