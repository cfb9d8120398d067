import { expect, it } from "vitest";
import { type Arm, armsOf } from "./arm.ts";
import { resultTable } from "./result-table.ts";

const [PLAIN, ASKING] = armsOf([0.2], [0.05]) as [Arm, Arm];
const STAYED = {
  lastedMs: 35,
  takes: 0,
  returns: 0,
  takeoverMs: undefined,
  twoOwnersMs: 0,
  twoOwnersHealedMs: 0,
  vacantMs: 0,
};

it("has a row for each setting, with the median of the takeovers and the longest of the other times", () => {
  const moved = { ...STAYED, takes: 1, twoOwnersMs: 12.34 };
  const table = resultTable([
    {
      variant: { name: "link down" },
      arms: [
        { arm: PLAIN, outcomes: [STAYED] },
        { arm: ASKING, outcomes: [100, 140, 300].map((takeoverMs) => ({ ...moved, takeoverMs })) },
      ],
    },
  ]);
  const rows = table.split("\n").map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

  expect(rows[2]).toEqual(["link down", "0.2 s, plain", "1", "0", "0", "0", "0", "-", "0", "0", "0"]);
  expect(rows[3]).toEqual([
    "",
    "0.2 s, asking 0.05 s",
    ...["3", "3", "3", "1", "0", "140 (100-300)", "12.3", "0", "0"],
  ]);
});
