import { expect, it } from "vitest";
import { createNextOwner } from "../../src/split-brain/next-owner.ts";
import type { Advert } from "../../src/vrrp/advert.ts";
import { INSTANCE } from "../fixtures/desired.ts";
import { ADVERT, BACKED_UP } from "../fixtures/rival.ts";

const NEXT_OWNER = ADVERT.source;
const { name, interface: link } = INSTANCE;
const GROUPS = [BACKED_UP];
const frame = (advert: Partial<Advert> = {}, on = link) => ({
  text: "",
  interface: on,
  mac: "02:00:00:00:00:12",
  advert: { ...ADVERT, ...advert },
});

function listen() {
  const told: string[] = [];
  const nextOwner = createNextOwner(({ group, address, afterMs }) =>
    told.push(`${group} ${address} ${afterMs}`),
  );
  return {
    nextOwner,
    told,
    receive: (...of: Parameters<typeof frame>) => nextOwner.noteFrame(frame(...of), GROUPS, 112),
  };
}

it("tells the first owner that is heard, once for each time that the group was released", () => {
  const { nextOwner, told, receive } = listen();
  for (let time = 0; time < 2; time += 1) {
    nextOwner.setState(name, true, 100);
    receive({ source: "198.51.100.13" });
    nextOwner.setState(name, false, 100);
    receive();
    receive({ source: "198.51.100.13" });
    nextOwner.setState(name, false, 100);
    receive();
  }

  expect(told).toEqual([`${name} ${NEXT_OWNER} 12`, `${name} ${NEXT_OWNER} 12`]);
});

it("tells nothing of a group that this host never owned, or owns again", () => {
  const { nextOwner, told, receive } = listen();
  nextOwner.setState(name, false, 100);
  receive();
  nextOwner.setState(name, true, 100);
  nextOwner.setState(name, false, 100);
  nextOwner.setState(name, true, 100);
  receive();

  expect(told).toEqual([]);
});

it.each<{ what: string; advert?: Partial<Advert>; on?: string }>([
  { what: "an advert with priority 0", advert: { priority: 0 } },
  { what: "an advert of its own", advert: { source: "198.51.100.11" } },
  { what: "another router", advert: { virtualRouterId: INSTANCE.virtualRouterId + 1 } },
  { what: "an advert that a router forwarded", advert: { ttl: 254 } },
  { what: "another link", on: "eth9" },
])("does not take $what for the next owner", ({ advert, on }) => {
  const { nextOwner, told, receive } = listen();
  nextOwner.setState(name, true, 100);
  nextOwner.setState(name, false, 100);
  receive(advert, on);
  expect(told).toEqual([]);

  receive();
  expect(told).toEqual([`${name} ${NEXT_OWNER} 12`]);
});

it("awaits the next owner until it is heard, for 10 s at most", () => {
  const { nextOwner, receive } = listen();
  const awaited = (nowMs: number) => [...nextOwner.awaited(nowMs)];
  nextOwner.setState(name, true, 0);
  expect(awaited(50)).toEqual([]);
  nextOwner.setState(name, false, 100);
  expect(awaited(110)).toEqual([name]);
  expect(awaited(10_100)).toEqual([]);
  receive();
  expect(awaited(113)).toEqual([]);
});
