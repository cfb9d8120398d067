import { expect, it } from "vitest";
import { limitCount, limitRepeats } from "../../src/keepalived/log-throttle.ts";

it("a text is due once in the window, and then with the number of suppressed repeats", () => {
  const isDue = limitRepeats(1_000);

  const answers = [0, 200, 400, 999, 1_000, 1_001, 2_500].map((nowMs) => isDue("again", nowMs));

  expect(answers).toEqual([0, undefined, undefined, undefined, 3, undefined, 1]);
});

it("texts do not suppress each other", () => {
  const isDue = limitRepeats(1_000);

  expect([isDue("a", 0), isDue("b", 1), isDue("a", 2)]).toEqual([0, 0, undefined]);
});

it("the text that was due longest ago is forgotten, so that endless new texts do not fill the memory", () => {
  const isDue = limitRepeats(1_000);
  for (let i = 0; i < 100; i++) isDue(`text ${i}`, i);

  expect(isDue("text 99", 100)).toBeUndefined();
  expect(isDue("text 0", 100)).toBe(0);
});

it("at most `max` of a kind are let through in each window", () => {
  const isRoomFor = limitCount(2, 1_000);

  const answers = [0, 1, 2, 999, 1_000, 1_001, 1_002].map((nowMs) => isRoomFor("kind", nowMs));

  expect(answers).toEqual([true, true, false, false, true, true, false]);
  expect(isRoomFor("another kind", 1_003)).toBe(true);
});
