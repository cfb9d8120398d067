/** Who is answered that said hello, and how often, while somebody makes hellos up. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createHelloAnswers } from "../../../src/listening/io/hellos.ts";
import { INSTANCE } from "../../fixtures/desired.ts";

const HOST = "198.51.100.12";
/** Metadata is away. */
const UNCERTAIN = "198.51.100.13";
const MAC = "02:00:00:00:00:02";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const isHost = (address: string) => (address === UNCERTAIN ? undefined : address === HOST);

function openAnswers() {
  const answered: string[] = [];
  const answer = createHelloAnswers({
    send: (_interface, { destination }) => void answered.push(destination),
    stateOf: () => "MASTER",
    isHost,
  });
  return { answered, hear: (address: string, mac = MAC) => answer(INSTANCE, { address, mac }) };
}

it.each([HOST, UNCERTAIN, "198.51.100.66"])("answers %s, whether metadata lists it or not", (address) => {
  const { answered, hear } = openAnswers();
  hear(address);
  hear(address);

  expect(answered).toHaveLength(1);
});

it("answers a host that metadata lists, however many others are made up", () => {
  const { answered, hear } = openAnswers();
  for (let number = 1; number < 255; number += 1) hear(`203.0.113.${number}`);
  expect(answered).toHaveLength(64);
  hear(HOST);

  expect(answered).toHaveLength(65);
});

it("answers a host beside a machine that speaks in its name, and that machine no more often", () => {
  const { answered, hear } = openAnswers();
  const forged = "02:00:00:00:00:66";
  for (let time = 0; time < 10; time += 1) hear(HOST, forged);
  hear(HOST);
  for (let number = 10; number < 90; number += 1) hear(HOST, `02:00:00:00:01:${number}`);

  expect(answered.slice(0, 2)).toEqual([forged, MAC].map((mac) => mac.replaceAll(":", "")));
  expect(answered).toHaveLength(4);
  vi.advanceTimersByTime(900);
  hear(HOST);
  expect(answered).toHaveLength(5);
});
