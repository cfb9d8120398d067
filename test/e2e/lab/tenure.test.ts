import { describe, expect, it } from "vitest";
import { type AddressEvent, longestOverlap, longestVacancy, tenures } from "./tenure.ts";

const VIP = "198.51.100.100";

/** `h1+0` = h1 takes the VIP at 0 ms, `h1-5` = h1 loses it at 5 ms. */
function events(text: string): AddressEvent[] {
  return text.split(" ").map((event) => {
    const [, host = "", sign, atMs] = /^(\w+)([+-])(\d+)$/.exec(event) ?? [];
    return { host, address: VIP, atMs: Number(atMs), isHeld: sign === "+" };
  });
}

describe("tenures", () => {
  it("lasts until the address is lost, and for ever where it is not", () => {
    expect(tenures(events("h1+10 h2+20 h1-30"), VIP)).toEqual([
      { host: "h1", fromMs: 10, toMs: 30 },
      { host: "h2", fromMs: 20, toMs: Number.POSITIVE_INFINITY },
    ]);
  });

  it("takes an address that is set again while held for the same tenure", () => {
    expect(tenures(events("h1+10 h1+20 h1-30"), VIP)).toEqual([{ host: "h1", fromMs: 10, toMs: 30 }]);
  });

  it("ignores the loss of an address never held, and other addresses", () => {
    const other = { host: "h1", address: "198.51.100.101", atMs: 1, isHeld: true };

    expect(tenures([...events("h1-10"), other], VIP)).toEqual([]);
  });
});

describe("longest stretches of the period 0-100 ms", () => {
  it.each([
    { why: "one after the other", text: "h1+0 h1-50 h2+60", overlap: 0, vacancy: 10 },
    { why: "handed over in the same instant", text: "h1+0 h1-50 h2+50", overlap: 0, vacancy: 0 },
    { why: "two overlapping", text: "h1+0 h2+40 h1-55", overlap: 15, vacancy: 0 },
    { why: "still overlapping at the end", text: "h1+0 h2+40", overlap: 60, vacancy: 0 },
    {
      why: "three holders count as one overlap",
      text: "h1+0 h2+10 h3+20 h2-30 h1-40",
      overlap: 30,
      vacancy: 0,
    },
    { why: "the longer of two overlaps", text: "h1+0 h2+10 h2-20 h2+30 h2-70", overlap: 40, vacancy: 0 },
    { why: "empty at both ends", text: "h1+5 h1-70", overlap: 0, vacancy: 30 },
    { why: "nobody ever", text: "h1-5", overlap: 0, vacancy: 100 },
  ])("$why: overlap $overlap ms, vacancy $vacancy ms", ({ text, overlap, vacancy }) => {
    const list = tenures(events(text), VIP);

    expect(longestOverlap(list, { fromMs: 0, toMs: 100 })).toBe(overlap);
    expect(longestVacancy(list, { fromMs: 0, toMs: 100 })).toBe(vacancy);
  });

  it("counts nothing outside the period", () => {
    const list = tenures(events("h1+0 h2+10 h1-40 h2-60 h1+200"), VIP);

    expect(longestOverlap(list, { fromMs: 30, toMs: 100 })).toBe(10);
    expect(longestVacancy(list, { fromMs: 30, toMs: 100 })).toBe(40);
  });
});
