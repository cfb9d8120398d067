/** What drain and undrain say on a host that hears adverts, and on one that does not. */
import { describe, expect, it } from "vitest";
import { drainOutcome, isServed, outcomeText, returnText } from "../../src/cli/drain-outcome.ts";
import { instanceStatus } from "../../src/keepalived/instance-status.ts";
import { type GroupStatus, noneSince } from "../../src/status/owner.ts";
import { INSTANCE } from "../fixtures/desired.ts";
import { AT, LATER } from "../fixtures/status.ts";

/** Neither an owner nor that there is none, as where the host does not listen. */
const deaf = (state: string): GroupStatus => instanceStatus(INSTANCE, { name: state, since: AT });
const silent = (state: string): GroupStatus => ({ ...deaf(state), noOwner: noneSince(AT) });
const heard = (state: string): GroupStatus => ({
  ...deaf(state),
  owner: { host: "node-2", address: "198.51.100.12", isSelf: false, since: AT, heardAt: LATER },
});
const VIP = "198.51.100.50";

describe("a drain", () => {
  it.each<[string, GroupStatus, GroupStatus, string, string]>([
    [
      "cannot tell who took over where this host hears no adverts",
      deaf("MASTER"),
      deaf("FAULT"),
      "unheard",
      `main: ${VIP} left this host. It hears no adverts, so it cannot tell whether another host took over`,
    ],
    [
      "of a backup that hears no adverts releases nothing",
      deaf("BACKUP"),
      deaf("FAULT"),
      "not-owned",
      `main: this host did not own ${VIP}; owner not known: this host hears no adverts`,
    ],
    [
      "leaves a VIP unserved where this host listens and hears no owner",
      deaf("MASTER"),
      silent("FAULT"),
      "released",
      `main: no host was heard to own ${VIP} within 10 s`,
    ],
    [
      "of a backup that listens and hears no owner, too",
      silent("BACKUP"),
      silent("FAULT"),
      "released",
      `main: no host was heard to own ${VIP} within 10 s`,
    ],
    [
      "names the owner that a backup hears",
      heard("BACKUP"),
      heard("FAULT"),
      "not-owned",
      `main: node-2 owns ${VIP}, as before`,
    ],
  ])("%s", (_, before, now, phase, text) => {
    const outcome = drainOutcome(before, now);

    expect(outcome.phase).toBe(phase);
    expect(outcomeText(outcome, 10_000)).toBe(text);
  });

  it("waits for an owner's advert also where none is heard now: the listener may open again", () => {
    expect(isServed(drainOutcome(deaf("MASTER"), deaf("FAULT")))).toBe(false);
    expect(isServed(drainOutcome(deaf("BACKUP"), deaf("FAULT")))).toBe(true);
  });
});

describe("undrain", () => {
  it.each<[string, readonly GroupStatus[], string]>([
    ["has an owner", [heard("BACKUP")], "a VIP comes back when its owner fails, or with PREEMPT"],
    ["has none", [silent("BACKUP")], "no host owns main, so this one may take it now"],
    [
      "may have one: this host hears no adverts",
      [deaf("BACKUP")],
      "owner not known: this host hears no adverts, so it may take main now if no host owns it",
    ],
    [
      "is owned by this host again",
      [deaf("MASTER")],
      "a VIP comes back when its owner fails, or with PREEMPT",
    ],
  ])("says what comes of a group that %s", (_, groups, text) => {
    expect(returnText(groups)).toBe(text);
  });
});
