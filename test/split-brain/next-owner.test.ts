import { expect, it } from "vitest";
import { awaitHeirs } from "../../src/split-brain/next-owner.ts";
import type { Advert } from "../../src/vrrp/advert.ts";
import { INSTANCE } from "../fixtures/desired.ts";
import { ADVERT, BACKED_UP } from "../fixtures/rival.ts";

const HEIR = ADVERT.source;
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
  const heirs = awaitHeirs((group, address) => told.push(`${group} ${address}`));
  return { heirs, told, hear: (...of: Parameters<typeof frame>) => heirs.hear(frame(...of), GROUPS) };
}

it("tells once, for each time that the group was left, who is heard first", () => {
  const { heirs, told, hear } = listen();
  for (let time = 0; time < 2; time += 1) {
    heirs.enter(name, true);
    hear({ source: "198.51.100.13" });
    heirs.enter(name, false);
    hear();
    hear({ source: "198.51.100.13" });
    heirs.enter(name, false);
    hear();
  }

  expect(told).toEqual([`${name} ${HEIR}`, `${name} ${HEIR}`]);
});

it("tells nothing of a group that this host never owned, or owns again", () => {
  const { heirs, told, hear } = listen();
  heirs.enter(name, false);
  hear();
  heirs.enter(name, true);
  heirs.enter(name, false);
  heirs.enter(name, true);
  hear();

  expect(told).toEqual([]);
});

it.each<{ what: string; advert?: Partial<Advert>; on?: string }>([
  { what: "a farewell", advert: { priority: 0 } },
  { what: "an advert of its own", advert: { source: "198.51.100.11" } },
  { what: "another router", advert: { virtualRouterId: INSTANCE.virtualRouterId + 1 } },
  { what: "an advert that came over a router", advert: { ttl: 254 } },
  { what: "another link", on: "eth9" },
])("takes $what for no heir", ({ advert, on }) => {
  const { heirs, told, hear } = listen();
  heirs.enter(name, true);
  heirs.enter(name, false);
  hear(advert, on);
  expect(told).toEqual([]);

  hear();
  expect(told).toEqual([`${name} ${HEIR}`]);
});
