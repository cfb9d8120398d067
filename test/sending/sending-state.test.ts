import { expect, it } from "vitest";
import {
  afterFailure,
  afterProbe,
  afterRival,
  INITIALLY_SENDING,
  type SendingProbe,
  type SendingState,
} from "../../src/sending/sending-state.ts";

/** Probes once a second from `fromSecond` until the phase changes, or for 100 s. @returns the state, and after how many seconds. */
function probeUntilChange(state: SendingState, probe: SendingProbe, fromSecond = 0, priority = 254) {
  for (let second = 0; second <= 100; second += 1) {
    const next = afterProbe(state, probe, priority, 1_000 * (fromSecond + second));
    if (next.phase !== state.phase) return { state: next, second };
    state = next;
  }
  return { state, second: undefined };
}
const held = () => afterFailure(INITIALLY_SENDING, 0);
const CAN_SEND = { canSend: true, isAnswered: true };
const CANNOT = { canSend: false, isAnswered: true };

it("is held by a failure, and released once it could send for 3 s", () => {
  const { state, second } = probeUntilChange(held(), CAN_SEND);
  expect([held().phase, state.phase, second]).toEqual(["held", "sending", 3]);
});

it("stays held as long as another host owns the VIPs and it cannot send", () => {
  expect(probeUntilChange(held(), CANNOT).second).toBeUndefined();
});

it("begins anew where it could not send once in between", () => {
  const once = afterProbe(held(), CAN_SEND, 254, 0);
  const failed = afterProbe(once, CANNOT, 254, 2_000);
  expect(probeUntilChange(failed, CAN_SEND, 3).second).toBe(3);
});

it("waits twice as long each time that it fails again, a minute at most, and forgets after two minutes", () => {
  let state: SendingState = INITIALLY_SENDING;
  let nowMs = 0;
  const waits = [1, 2, 3, 4, 5, 6].map(() => {
    state = afterFailure(state, nowMs);
    const change = probeUntilChange(state, CAN_SEND, nowMs / 1_000);
    state = change.state;
    nowMs += 1_000 * ((change.second ?? 0) + 1);
    return change.second;
  });
  expect(waits).toEqual([3, 6, 12, 24, 48, 60]);
  expect(probeUntilChange(afterFailure(state, nowMs + 120_000), CAN_SEND).second).toBe(3);
});

it("comes back sooner where nobody answers for the VIP", () => {
  expect(probeUntilChange(held(), { canSend: true, isAnswered: false }).second).toBe(2);
});

it("owns without a way to send where nobody has answered for 10 s, the highest priority first", () => {
  const alone = { canSend: false, isAnswered: false };
  expect(probeUntilChange(held(), alone, 0, 254)).toMatchObject({
    second: 10,
    state: { phase: "last-resort" },
  });
  expect(probeUntilChange(held(), alone, 0, 204)).toMatchObject({
    second: 12,
    state: { phase: "last-resort" },
  });
});

it("gives way to an owner that is heard, and is well again once its adverts are sent", () => {
  const { state } = probeUntilChange(held(), { canSend: false, isAnswered: false });
  expect(afterFailure(state, 11_000).phase).toBe("last-resort");
  expect(afterRival(state, 11_000).phase).toBe("held");
  expect(probeUntilChange(afterFailure(state, 20_000), CAN_SEND, 20)).toMatchObject({
    second: 10,
    state: { phase: "sending" },
  });
});

it("takes no other owner for a reason while its own adverts are sent", () => {
  expect(afterRival(INITIALLY_SENDING, 0)).toBe(INITIALLY_SENDING);
});
