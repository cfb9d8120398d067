import { describe, expect, it } from "vitest";
import { type Arm, envOf } from "./arm.ts";
import { CASES } from "./catalogue.ts";
import { parseOptions } from "./options.ts";

const parse = (...args: string[]) => parseOptions(args, CASES);

function settingsOf(arm: Arm) {
  const { ADVERT_INTERVAL, OWNER_PROBE } = envOf(arm);
  return { ADVERT_INTERVAL, OWNER_PROBE };
}

describe("the options of the asking program", () => {
  it("are all cases, 10 rounds, and one window beside none unless told", () => {
    const { cases, rounds, seconds, arms } = parse();

    expect(cases.map(({ name }) => name)).toEqual(CASES.map(({ name }) => name));
    expect([rounds, seconds]).toEqual([10, 60]);
    expect(arms.map(({ name }) => name)).toEqual(["0.2 s, plain", "0.2 s, asking 0.04 s"]);
  });

  it("have an arm for each interval and window, and a plain one for each interval", () => {
    expect(parse("--interval", "0.2,0.1", "--window", "0.03,0.1").arms.map(settingsOf)).toEqual([
      { ADVERT_INTERVAL: "0.2", OWNER_PROBE: "off" },
      { ADVERT_INTERVAL: "0.2", OWNER_PROBE: "0.03" },
      { ADVERT_INTERVAL: "0.2", OWNER_PROBE: "0.1" },
      { ADVERT_INTERVAL: "0.1", OWNER_PROBE: "off" },
      { ADVERT_INTERVAL: "0.1", OWNER_PROBE: "0.03" },
      { ADVERT_INTERVAL: "0.1", OWNER_PROBE: "0.1" },
    ]);
  });

  it("have all hosts send by unicast or by multicast", () => {
    expect(parse().arms.map((arm) => envOf(arm)["UNICAST"])).toEqual(["true", "true"]);
    expect(parse("--multicast").arms.map((arm) => envOf(arm)["UNICAST"])).toEqual(["false", "false"]);
  });

  it("leave keepalived without real-time priority, as no CPU cgroup takes a process with it", () => {
    expect(parse().arms.map((arm) => envOf(arm)["VRRP_SCHEDULING"])).toEqual(["normal", "normal"]);
  });

  it("select cases by the beginning of their names, and events by words", () => {
    const [blip, ...others] = parse("--case", "bli", "--variant", "owner's port, 35 ms").cases;

    expect([blip?.name, others]).toEqual(["blip", []]);
    expect(blip?.variants.map(({ name }) => name)).toEqual(["owner's port, 35 ms"]);
  });

  it.each([
    { args: ["--case", "nothing"], message: /no case is called "nothing"; there are blip, / },
    { args: ["--rounds", "2.5"], message: /--rounds takes a whole number, not 2.5/ },
    { args: ["--rounds", "0"], message: /--rounds takes a number above 0, not "0"/ },
    { args: ["--interval", "0.2,"], message: /--interval takes a number above 0, not ""/ },
    { args: ["--window", "off"], message: /--window takes a number above 0, not "off"/ },
    { args: ["--fast"], message: /Unknown option '--fast'/ },
  ])("refuse $args", ({ args, message }) => expect(() => parse(...args)).toThrow(message));

  it("have a name of its own for each case, and for each event of a case", () => {
    for (const names of [CASES, ...CASES.map(({ variants }) => variants)].map((list) =>
      list.map(({ name }) => name),
    ))
      expect(new Set(names).size).toBe(names.length);
  });
});
