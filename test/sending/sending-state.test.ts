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
const unheard = () => afterFailure(INITIALLY_SENDING, 0);
const held = () => afterRival(unheard(), 0);
const CAN_SEND: SendingProbe = { canSend: true, isAnswered: true, isFirst: false };
const CANNOT: SendingProbe = { ...CAN_SEND, canSend: false };
const NOBODY: SendingProbe = { ...CANNOT, isAnswered: false };

it("may own the VIPs as long as no other owner is known: peers that are gone take nothing over", () => {
  expect(unheard().phase).toBe("unheard");
  expect(probeUntilChange(unheard(), NOBODY).second).toBeUndefined();
});

it("is held once another owner is heard, or answers for the VIP", () => {
  expect(afterRival(unheard(), 0).phase).toBe("held");
  expect(probeUntilChange(unheard(), CANNOT)).toMatchObject({ second: 0, state: { phase: "held" } });
});

it("leaves the other one 4 s to give way where that has the lower MAC, so that not both do", () => {
  const first = { ...CANNOT, isFirst: true };
  expect(probeUntilChange(unheard(), first)).toMatchObject({ second: 4, state: { phase: "held" } });
  const once = afterProbe(unheard(), first, 254, 0);
  expect(probeUntilChange(afterProbe(once, NOBODY, 254, 1_000), NOBODY, 2).second).toBeUndefined();
});

it("is released once it could send for 3 s", () => {
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
    state = afterRival(afterFailure(state, nowMs), nowMs);
    const change = probeUntilChange(state, CAN_SEND, nowMs / 1_000);
    state = change.state;
    nowMs += 1_000 * ((change.second ?? 0) + 1);
    return change.second;
  });
  expect(waits).toEqual([3, 6, 12, 24, 48, 60]);
  const later = nowMs + 120_000;
  expect(
    probeUntilChange(afterRival(afterFailure(state, later), later), CAN_SEND, later / 1_000).second,
  ).toBe(3);
});

it("comes back sooner where nobody answers for the VIP", () => {
  expect(probeUntilChange(held(), { ...NOBODY, canSend: true }).second).toBe(2);
});

it("owns without a way to send where nobody has answered for 10 s, the highest priority first", () => {
  expect(probeUntilChange(held(), NOBODY, 0, 254)).toMatchObject({ second: 10, state: { phase: "unheard" } });
  expect(probeUntilChange(held(), NOBODY, 0, 250)).toMatchObject({ second: 11, state: { phase: "unheard" } });
  expect(probeUntilChange(held(), NOBODY, 0, 247)).toMatchObject({ second: 12, state: { phase: "unheard" } });
  expect(probeUntilChange(held(), NOBODY, 0, 100)).toMatchObject({ second: 18, state: { phase: "unheard" } });
});

it("is well again once its adverts were sent for 10 s", () => {
  const still = afterFailure(unheard(), 20_000);
  expect(probeUntilChange(still, { ...NOBODY, canSend: true }, 20)).toMatchObject({
    second: 10,
    state: { phase: "sending" },
  });
});

it("takes no other owner for a reason while its own adverts are sent", () => {
  expect(afterRival(INITIALLY_SENDING, 0)).toBe(INITIALLY_SENDING);
});
