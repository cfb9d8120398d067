import fc from "fast-check";
import { expect, it } from "vitest";
import { parseTransition } from "../../src/keepalived/transition.ts";

it.each(["MASTER", "BACKUP", "FAULT", "STOP", "DELETED"] as const)(
  "the transition to %s is read",
  (state) => {
    expect(parseTransition(`INSTANCE "main" ${state} 120`)).toEqual({
      instance: "main",
      state,
      priority: 120,
    });
  },
);

it.each([
  'GROUP "all" MASTER 120',
  'INSTANCE "main" MASTER_PRIORITY 120',
  'INSTANCE "main" SOMETHING 120',
  'INSTANCE "main" MASTER',
  'INSTANCE "main" MASTER 1e2',
  'INSTANCE "" MASTER 120',
  'xINSTANCE "main" MASTER 120',
  "",
])("`%s` is not a transition", (line) => {
  expect(parseTransition(line)).toBeUndefined();
});

it("garbage is not a transition", () => {
  fc.assert(fc.property(fc.string(), (line) => parseTransition(line) === undefined));
});
