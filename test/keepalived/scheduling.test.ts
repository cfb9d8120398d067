import { describe, expect, it } from "vitest";
import {
  isRealtime,
  realtimeArguments,
  refusedScheduling,
  type SchedulingStatus,
  schedulingText,
} from "../../src/keepalived/scheduling.ts";
import { adviseOnScheduling } from "../../src/keepalived/scheduling-advice.ts";
import { resolveGroup } from "../../src/settings/resolve-group.ts";
import { parseSettings } from "../../src/settings/settings.ts";

const NOT_PERMITTED = "chrt: failed to set pid 7's policy: Operation not permitted\n";

describe("a refusal", () => {
  it.each([
    {
      why: "the capability is missing",
      outcome: { isFound: true, output: NOT_PERMITTED },
      hasSysNice: false,
      reason: "the capability SYS_NICE is missing",
      hint: /^Add it: .*cap_add: \[SYS_NICE\].*VRRP_SCHEDULING=normal$/,
    },
    {
      why: "the group has no budget",
      outcome: { isFound: true, output: NOT_PERMITTED },
      hasSysNice: true,
      reason: /RT_GROUP_SCHED/,
      hint: /--cpu-rt-runtime/,
    },
    {
      why: "there is no chrt",
      outcome: { isFound: false, output: "" },
      hasSysNice: true,
      reason: "chrt cannot be found",
      hint: /util-linux/,
    },
    {
      why: "chrt knows no such option",
      outcome: { isFound: true, output: "chrt: invalid option -- 'R'\nUsage: chrt\n" },
      hasSysNice: true,
      reason: "chrt: invalid option -- 'R'",
      hint: /chrt -r 10 true/,
    },
    {
      why: "chrt says nothing",
      outcome: { isFound: true, output: "" },
      hasSysNice: true,
      reason: "chrt failed",
      hint: /chrt -r 10 true/,
    },
  ])("says what to do where $why", ({ outcome, hasSysNice, reason, hint }) => {
    expect(refusedScheduling(outcome, hasSysNice)).toEqual({
      phase: "refused",
      reason: expect.stringMatching(reason),
      hint: expect.stringMatching(hint),
    });
  });
});

it("asks for a policy that what the process starts does not inherit", () => {
  expect(realtimeArguments(7).join(" ")).toBe("-R -r -p 10 7");
});

it.each([
  { policy: 0, want: false },
  { policy: 1, want: true },
  { policy: 2, want: true },
  { policy: 3, want: false },
])("reads policy $policy of a process, whatever its name is", ({ policy, want }) => {
  const fields = Array.from({ length: 50 }, (_, index) => (index === 41 - 3 ? policy : 9));

  expect(isRealtime(`7 (a) (b c) ${fields.join(" ")}\n`)).toBe(want);
});

describe("the advice on short intervals", () => {
  const REFUSED: SchedulingStatus = { phase: "refused", reason: "no chrt", hint: "Install it" };
  const resultWith = (interval: string) => {
    const resolved = resolveGroup("main", parseSettings({ ADVERT_INTERVAL: interval }), {}, {});
    return { resolved };
  };

  it("is given once, with the reason and the next step, where real-time priority is refused", () => {
    expect(adviseOnScheduling([resultWith("0.05"), resultWith("0.05")], REFUSED)).toEqual([
      expect.stringMatching(/^ADVERT_INTERVAL \(environment\) is 0.05 s.*no chrt: Install it/),
    ]);
  });

  it.each<{ why: string; interval: string; status: SchedulingStatus }>([
    { why: "real-time priority is in force", interval: "0.05", status: { phase: "realtime" } },
    { why: "keepalived was not started yet", interval: "0.05", status: { phase: "waiting" } },
    { why: "the settings say it already", interval: "0.05", status: { phase: "normal" } },
    { why: "the interval is long enough", interval: "0.1", status: REFUSED },
  ])("is not given where $why", ({ interval, status }) => {
    expect(adviseOnScheduling([resultWith(interval)], status)).toEqual([]);
  });
});

it("says in words how keepalived is scheduled, where it has no real-time priority", () => {
  expect(schedulingText({ phase: "realtime" })).toBeUndefined();
  expect(schedulingText({ phase: "normal" })).toBe("normal, as VRRP_SCHEDULING says");
  expect(schedulingText({ phase: "refused", reason: "no chrt", hint: "Install it" })).toBe(
    "normal, without real-time priority: no chrt. Install it",
  );
});
