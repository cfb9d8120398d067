import fc from "fast-check";
import { expect, it } from "vitest";
import { whyNotReady } from "../../src/status/readiness.ts";
import { isAsOrdered, PARTS, type Status } from "../../src/status/status.ts";
import { AT, OWNED, SUSPICION, WELL } from "../fixtures/status.ts";

const state = fc.constantFrom("MASTER", "BACKUP", "FAULT", "UNKNOWN", "STOPPED");
const statuses = fc.record({
  isRunning: fc.boolean(),
  isDrained: fc.boolean(),
  states: fc.array(state, { maxLength: 3 }),
  suspicions: fc.array(fc.constant({ ...SUSPICION, since: AT }), { maxLength: 1 }),
  parts: fc.uniqueArray(fc.constantFrom(...PARTS), { maxLength: 2 }),
});

it("has a reason exactly where a status is not as it was ordered", () => {
  fc.assert(
    fc.property(statuses, ({ isRunning, isDrained, states, suspicions, parts }) => {
      const status: Status = {
        ...WELL,
        keepalived: { isRunning, pid: undefined },
        health: WELL.health.map((one) => ({
          ...one,
          isDrained,
          drainedBy: isDrained ? "command" : undefined,
        })),
        instances: states.map((name) => ({ ...OWNED, state: name })),
        splitBrain: suspicions,
        problems: parts.map((part) => ({
          part,
          code: undefined,
          message: "a sentence",
          hint: undefined,
          since: AT,
        })),
      };

      expect(whyNotReady(status).length === 0).toBe(isAsOrdered(status));
    }),
  );
});
