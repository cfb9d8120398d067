import { expect, it } from "vitest";
import { bareEnvironment, boundToAgent } from "../../src/system/child-command.ts";

it("the kernel signals a program when the agent dies", () => {
  expect(boundToAgent("KILL", "nft", ["monitor", "rules"])).toEqual([
    "setpriv",
    ["--pdeathsig", "KILL", "nft", "monitor", "rules"],
  ]);
});

it("a program gets the way to other programs, English words, what it is given, and nothing else", () => {
  expect(
    bareEnvironment({ PATH: "/bin", LC_ALL: "de_DE", AUTH_PASS: "secret" }, { TMPDIR: "/dump" }),
  ).toEqual({
    env: { PATH: "/bin", LC_ALL: "C", TMPDIR: "/dump" },
    extendEnv: false,
  });
});
