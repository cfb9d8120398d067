import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createTakeoverListening } from "../../../src/split-brain/io/takeover-listening.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function open() {
  const hurried = new Set<string>();
  const stop = new AbortController();
  let awaitedOn: readonly string[] = [];
  const wire = {
    hurry: (name: string) => {
      expect(hurried.has(name)).toBe(false);
      hurried.add(name);
      return { close: () => void hurried.delete(name) };
    },
  };
  const listening = createTakeoverListening(wire, () => new Set(awaitedOn), stop.signal);
  const setAwaited = (...names: string[]) => {
    awaitedOn = names;
  };
  return { listening, hurried, stop, setAwaited };
}

it("hurries each interface on which a takeover is awaited, and no other", () => {
  const { listening, hurried, setAwaited } = open();
  listening.update();
  expect([...hurried]).toEqual([]);
  setAwaited("eth0", "eth1");
  listening.update();
  listening.update();
  expect([...hurried]).toEqual(["eth0", "eth1"]);
  setAwaited("eth1");
  listening.update();
  expect([...hurried]).toEqual(["eth1"]);
});

it("ends by itself where no host takes over, and waits for nothing after that", async () => {
  const { listening, hurried, setAwaited } = open();
  setAwaited("eth0");
  listening.update();
  setAwaited();
  await vi.advanceTimersByTimeAsync(1_000);
  expect([...hurried]).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});

it("leaves no timer behind when the agent ends", () => {
  const { listening, setAwaited, stop } = open();
  setAwaited("eth0");
  listening.update();
  stop.abort();
  expect(vi.getTimerCount()).toBe(0);
});
