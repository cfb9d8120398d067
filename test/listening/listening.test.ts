import { describe, expect, it } from "vitest";
import { LONGEST_LISTEN_MS } from "../../src/listening/claims.ts";
import type { ListenerView } from "../../src/listening/heard.ts";
import {
  beginListening,
  DEAF_MS,
  hearAdvert,
  hearAnswer,
  hearOwner,
  LISTEN_MS,
  type Listening,
  LONGEST_ANSWERED_MS,
  LONGEST_PROVEN_MS,
  listeningStep,
  withListener,
} from "../../src/listening/listening.ts";
import type { Advert } from "../../src/vrrp/advert.ts";
import { INSTANCE } from "../fixtures/desired.ts";

const UNKNOWN: ListenerView = {
  sinceMs: 0,
  isHost: () => undefined,
  mayRunVrrp: () => true,
  roundMs: 1_500,
  roleOf: () => "host",
  isGateway: () => false,
  own: {
    addresses: ["198.51.100.11"],
    isLocal: (address) => address === "198.51.100.11",
    mac: "02:00:00:00:00:01",
  },
};
const FOR_VIP = { address: "198.51.100.50", mac: "02:00:00:00:00:09" };
/** keepalived listens during three adverts of 0.2 s. */
const ELECTION_MS = 600;

function advertFrom(source: string): Advert {
  return {
    source,
    destination: "198.51.100.11",
    ttl: 255,
    version: 3,
    virtualRouterId: 50,
    priority: 241,
    addresses: ["198.51.100.50"],
    authPass: undefined,
    intervalSeconds: 0.2,
  };
}

const begun = (turnDelayMs = 0): Listening => beginListening(INSTANCE, turnDelayMs, 0);
const phaseAt = (listening: Listening, nowMs: number, listener = UNKNOWN) =>
  listeningStep(listening, listener, nowMs).phase;

function hearStranger(
  listening: Listening,
  nowMs: number,
  listener = UNKNOWN,
  source = "198.51.100.14",
): Listening {
  return hearAdvert(listening, { advert: advertFrom(source), meaning: "stranger" }, listener.isHost, nowMs);
}

/** When the VIPs may be owned, where `source` goes on to speak from the beginning. */
function endWhileHeard(listener: ListenerView): number {
  let listening = begun();
  for (let nowMs = 0; nowMs < 60_000; nowMs += 200) {
    listening = hearStranger(listening, nowMs, listener);
    if (phaseAt(listening, nowMs, listener) !== "listening") return nowMs;
  }
  return Number.POSITIVE_INFINITY;
}

describe("a group that begins", () => {
  it("may own its VIPs once it has heard nothing for 3 s, of which keepalived listens itself for three adverts", () => {
    expect(phaseAt(begun(), LISTEN_MS - ELECTION_MS - 1)).toBe("listening");
    expect(phaseAt(begun(), LISTEN_MS - ELECTION_MS)).toBe("electing");
    expect(listeningStep(begun(), UNKNOWN, LISTEN_MS)).toEqual({ phase: "over", because: "silence" });
  });

  it("listens for half of the time before keepalived does, however long keepalived's own is", () => {
    const slow = beginListening({ ...INSTANCE, advertIntervalSeconds: 1 }, 0, 0);

    expect(phaseAt(slow, LISTEN_MS / 2 - 1)).toBe("listening");
    expect(phaseAt(slow, LISTEN_MS / 2)).toBe("electing");
  });

  it("counts from the time when every advert is heard", () => {
    expect(phaseAt(begun(), 3_500, { ...UNKNOWN, sinceMs: 1_500 })).toBe("listening");
    expect(phaseAt(begun(), 4_500, { ...UNKNOWN, sinceMs: 1_500 })).toBe("over");
    expect(phaseAt(beginListening(INSTANCE, 0, 5_000), 5_100)).toBe("listening");
  });

  it("goes on after a bound where it cannot hear at all", () => {
    const deaf: ListenerView = { ...UNKNOWN, sinceMs: undefined };

    expect(phaseAt(begun(), DEAF_MS - 1, deaf)).toBe("listening");
    expect(listeningStep(begun(), deaf, DEAF_MS)).toEqual({ phase: "over", because: "deaf" });
  });

  it("need not listen any more once keepalived hears an owner", () => {
    const listening = hearAdvert(
      begun(),
      { advert: advertFrom("198.51.100.12"), meaning: "owner" },
      UNKNOWN.isHost,
      100,
    );

    expect(listeningStep(listening, UNKNOWN, 100)).toEqual({ phase: "over", because: "owner" });
  });

  it("leaves the group to the hosts before it in the start order", () => {
    const step = listeningStep(begun(1_000), UNKNOWN, LISTEN_MS);

    expect(step).toMatchObject({
      phase: "listening",
      reason: expect.stringContaining("first to offer itself"),
    });
    expect(phaseAt(begun(1_000), LISTEN_MS + 1_000)).toBe("over");
  });
});

describe("a host that owns the VIPs and is not a peer", () => {
  it.each([
    { why: "while it is not known who it is", isHost: undefined },
    { why: "while it is a host of the environment", isHost: true },
  ])("is waited for, and no longer than the bound: $why", ({ isHost }) => {
    expect(endWhileHeard({ ...UNKNOWN, isHost: () => isHost })).toBe(LONGEST_LISTEN_MS);
  });

  it("moves nothing where it is no host of the environment", () => {
    expect(endWhileHeard({ ...UNKNOWN, isHost: () => false })).toBe(LISTEN_MS - ELECTION_MS);
  });

  it("is not waited for once it is known to be no host", () => {
    const listening = hearStranger(begun(), 3_000);

    expect(phaseAt(listening, 3_100)).toBe("listening");
    expect(phaseAt(listening, 3_100, { ...UNKNOWN, isHost: () => false })).toBe("over");
  });

  it("is gone after four adverts that do not come", () => {
    const listening = hearStranger(begun(), 3_000);

    expect(phaseAt(listening, 3_849)).toBe("listening");
    expect(phaseAt(listening, 3_850)).toBe("over");
  });

  it("is found among made-up senders once the hosts are known", () => {
    let listening = begun();
    for (let number = 0; number < 1_000; number += 1)
      listening = hearStranger(listening, 2_000, UNKNOWN, `192.0.2.${number}`);
    expect(listening.strangers).toHaveLength(16);
    const listener: ListenerView = { ...UNKNOWN, isHost: (address) => address === "198.51.100.14" };

    expect(phaseAt(hearStranger(listening, 2_200, listener), 3_000, listener)).toBe("listening");
  });
});

describe("an answer for the first VIP without an advert", () => {
  it("makes the listening longer, and no longer than the bound", () => {
    let listening = begun();
    for (let nowMs = 500; nowMs < LONGEST_LISTEN_MS - 1_000; nowMs += 1_500) {
      listening = hearAnswer(listening, FOR_VIP, nowMs);
      expect(listeningStep(listening, UNKNOWN, nowMs + 1_000)).toMatchObject({
        phase: "listening",
        reason: expect.stringContaining("02:00:00:00:00:09 answers for 198.51.100.50"),
      });
    }

    expect(listeningStep(listening, UNKNOWN, LONGEST_LISTEN_MS)).toEqual({ phase: "over", because: "bound" });
  });

  it("counts no longer once it is not repeated", () => {
    const listening = hearAnswer(begun(), FOR_VIP, 1_000);

    expect(phaseAt(listening, 4_900)).toBe("listening");
    expect(phaseAt(listening, 5_000)).toBe("over");
  });
});

describe("a host that cannot hear any more", () => {
  const DEAF: ListenerView = { ...UNKNOWN, sinceMs: undefined };

  it.each([
    { heard: "an owner", listening: hearStranger(begun(), 2_000) },
    { heard: "an answer", listening: hearAnswer(begun(), FOR_VIP, 2_000) },
  ])("waits for the end of $heard up to the bound, because it would not hear that end", ({ listening }) => {
    expect(phaseAt(listening, DEAF_MS, DEAF)).toBe("listening");
    expect(phaseAt(listening, LONGEST_LISTEN_MS - 1, DEAF)).toBe("listening");
    expect(listeningStep(listening, DEAF, LONGEST_LISTEN_MS)).toEqual({ phase: "over", because: "bound" });
  });

  it("does not wait for a machine that is no host of the environment", () => {
    const listener: ListenerView = { ...DEAF, isHost: () => false };

    expect(listeningStep(hearStranger(begun(), 2_000), listener, DEAF_MS)).toMatchObject({ because: "deaf" });
  });
});

describe("adverts that are lost", () => {
  it("make the silence begin anew, and no longer than the bound", () => {
    const lostAt = (nowMs: number): ListenerView => ({ ...UNKNOWN, sinceMs: nowMs });

    for (let nowMs = 0; nowMs < LONGEST_LISTEN_MS - ELECTION_MS; nowMs += 500)
      expect(phaseAt(begun(), nowMs, lostAt(nowMs))).toBe("listening");
    expect(listeningStep(begun(), lostAt(14_900), LONGEST_LISTEN_MS)).toEqual({
      phase: "over",
      because: "bound",
    });
  });

  it("may be those of an owner that was heard before", () => {
    const listening = hearStranger(begun(), 2_000);

    expect(phaseAt(listening, 3_500, { ...UNKNOWN, sinceMs: 3_000 })).toBe("listening");
    expect(listeningStep(listening, { ...UNKNOWN, sinceMs: 3_000 }, 3_500)).toMatchObject({
      reason: expect.stringContaining("198.51.100.14 owns"),
    });
  });
});

describe("adverts and answers of one machine", () => {
  const heardAt = (nowMs: number, listener: ListenerView) =>
    hearStranger(hearAnswer(begun(), FOR_VIP, nowMs), nowMs, listener);

  it.each([
    { whose: "metadata does not tell whose", isHost: undefined, boundMs: LONGEST_PROVEN_MS },
    { whose: "they are a host's", isHost: true, boundMs: LONGEST_LISTEN_MS },
    { whose: "they are no host's", isHost: false, boundMs: LONGEST_LISTEN_MS },
  ])("mean an owner, up to a bound: $whose", ({ isHost, boundMs }) => {
    const listener: ListenerView = { ...UNKNOWN, isHost: () => isHost };

    expect(phaseAt(heardAt(boundMs - 1, listener), boundMs - 1, listener)).toBe("listening");
    expect(listeningStep(heardAt(boundMs, listener), listener, boundMs)).toEqual({
      phase: "over",
      because: "bound",
    });
  });

  it("mean nothing any more once either ends", () => {
    const late = LONGEST_LISTEN_MS + 1_000;
    const listening = hearStranger(hearAnswer(begun(), FOR_VIP, late), late);

    expect(phaseAt(listening, late + 849)).toBe("listening");
    expect(phaseAt(listening, late + 850)).toBe("over");
  });
});

describe("answers for the VIP and for a member's address with one MAC", () => {
  const MEMBER = "198.51.100.12";
  const heard = (nowMs: number, ...answers: readonly { address: string; mac: string }[]) =>
    [FOR_VIP, ...answers].reduce((listening, answer) => hearAnswer(listening, answer, nowMs), begun());
  const asMember = { ...FOR_VIP, address: MEMBER };
  const late = LONGEST_LISTEN_MS + 1;

  it.each([
    { how: "for 5 minutes by answers alone", boundMs: LONGEST_ANSWERED_MS, hasSaidSo: false },
    { how: "for a day while it says so itself", boundMs: LONGEST_PROVEN_MS, hasSaidSo: true },
  ])("mean that the member owns the VIPs, $how", ({ boundMs, hasSaidSo }) => {
    const heardAt = (nowMs: number) => {
      const listening = heard(nowMs, asMember);
      return hasSaidSo ? hearOwner(listening, MEMBER, nowMs - 29_000) : listening;
    };

    for (const nowMs of [late, boundMs - 1]) {
      expect(listeningStep(heardAt(nowMs), UNKNOWN, nowMs)).toMatchObject({
        phase: "listening",
        owner: { address: MEMBER, mac: FOR_VIP.mac },
      });
    }
    expect(listeningStep(heardAt(boundMs), UNKNOWN, boundMs)).toEqual({ phase: "over", because: "bound" });
  });

  it("count the time of the member's word from when this host hears everything again", () => {
    const nowMs = LONGEST_ANSWERED_MS;
    const lost: ListenerView = { ...UNKNOWN, sinceMs: nowMs - 5_000 };

    expect(phaseAt(hearOwner(heard(nowMs, asMember), MEMBER, nowMs - 31_000), nowMs, lost)).toBe("listening");
  });

  it("count as answers alone once the member says so no longer, or another host does", () => {
    const nowMs = LONGEST_ANSWERED_MS;

    expect(phaseAt(hearOwner(heard(nowMs, asMember), MEMBER, nowMs - 30_000), nowMs)).toBe("over");
    expect(phaseAt(hearOwner(heard(nowMs, asMember), "198.51.100.13", nowMs), nowMs)).toBe("over");
  });

  it.each([
    { who: "a proxy", roleOf: () => "proxy" as const, isHeldForVip: false },
    { who: "a gateway of this host", roleOf: () => "gateway" as const, isHeldForVip: true },
  ])("name no member where $who gives them, unless the member speaks", ({ roleOf, isHeldForVip }) => {
    const listener: ListenerView = { ...UNKNOWN, roleOf };

    expect(phaseAt(heard(LISTEN_MS, asMember), LISTEN_MS, listener)).toBe(
      isHeldForVip ? "listening" : "over",
    );
    expect(phaseAt(heard(late, asMember), late, listener)).toBe("over");
    expect(phaseAt(hearOwner(heard(late, asMember), MEMBER, late), late, listener)).toBe("listening");
  });

  it("name a member whose address is that of a gateway", () => {
    const listener: ListenerView = {
      ...UNKNOWN,
      roleOf: () => "gateway",
      isGateway: (address) => address === MEMBER,
    };

    expect(phaseAt(heard(late, asMember), late, listener)).toBe("listening");
  });

  it("mean it no longer once either ends", () => {
    expect(phaseAt(heard(late, asMember), late + 5_999)).toBe("listening");
    expect(phaseAt(heard(late, asMember), late + 6_000)).toBe("over");
    const vipAlone = hearAnswer(heard(late, asMember), FOR_VIP, late + 2_000);
    expect(phaseAt(vipAlone, late + 5_999)).toBe("listening");
    expect(phaseAt(vipAlone, late + 6_000)).toBe("over");
  });

  it("mean it as long as the member says so, though its answers for the VIP are lost", () => {
    const speaking = hearOwner(heard(late, asMember), MEMBER, late + 1_000);

    expect(phaseAt(hearAnswer(speaking, asMember, late + 3_600), late + 3_600)).toBe("listening");
    expect(listeningStep(hearAnswer(speaking, asMember, late + 3_600), UNKNOWN, late + 3_600)).toHaveProperty(
      "isLate",
      true,
    );
    expect(phaseAt(hearAnswer(speaking, asMember, late + 4_600), late + 4_600)).toBe("over");
  });

  it("mean it for longer where each address is asked for less often", () => {
    const slow: ListenerView = { ...UNKNOWN, roundMs: 4_000 };
    const itsOwn = hearAnswer(heard(late, asMember), asMember, late + 7_000);

    expect(phaseAt(itsOwn, late + 7_000, slow)).toBe("listening");
    expect(phaseAt(heard(late, asMember), late + 15_999, slow)).toBe("listening");
    expect(phaseAt(heard(late, asMember), late + 16_000, slow)).toBe("over");
  });

  it("mean it for 15 s more where this host turns deaf, and no longer", () => {
    const deaf: ListenerView = { ...UNKNOWN, sinceMs: undefined };
    const before = withListener(heard(late, asMember), UNKNOWN, late);
    const listening = withListener(withListener(before, deaf, late + 100), deaf, late + 5_000);

    expect(phaseAt(listening, late + LONGEST_LISTEN_MS + 99, deaf)).toBe("listening");
    expect(phaseAt(listening, late + LONGEST_LISTEN_MS + 100, deaf)).toBe("over");
    const listener: ListenerView = { ...UNKNOWN, sinceMs: late + 8_000 };
    expect(phaseAt(withListener(listening, listener, late + 8_100), late + 13_900, listener)).toBe(
      "listening",
    );
    // its own answer came first
    const itsOwn = hearAnswer(listening, asMember, late + 8_100);
    expect(phaseAt(withListener(itsOwn, listener, late + 8_100), late + 8_100, listener)).toBe("listening");
  });

  it("turn to nothing by deafness alone where they were not heard before", () => {
    const deaf: ListenerView = { ...UNKNOWN, sinceMs: undefined };

    expect(phaseAt(withListener(heard(late, asMember), deaf, late), late, deaf)).toBe("over");
  });

  it("mean it no longer once the member answers for its own address alone: its kernel let the VIP go", () => {
    const itsOwn = hearAnswer(heard(late, asMember), asMember, late + 3_600);

    expect(phaseAt(hearAnswer(heard(late, asMember), asMember, late + 3_500), late + 3_500)).toBe(
      "listening",
    );
    expect(phaseAt(itsOwn, late + 3_600)).toBe("over");
  });

  it("mean it, too, where the member answers for both with the MACs of two cards", () => {
    const secondMac = "02:00:00:00:00:02";
    const second = [FOR_VIP, asMember].map((answer) => ({ ...answer, mac: secondMac }));

    expect(phaseAt(heard(late, asMember, ...second), late)).toBe("listening");
  });

  it("are heard beside any number of made-up ones", () => {
    const madeUp = Array.from({ length: 1_000 }, (_, i) => ({
      ...FOR_VIP,
      mac: `02:00:00:01:${i >> 8}:${i & 255}`,
    }));

    const listening = heard(late, ...madeUp, asMember, FOR_VIP);

    expect(phaseAt(listening, late)).toBe("listening");
    expect(listening.answers.length).toBeLessThan(100);
  });

  it.each([
    { why: "the member answers with another MAC", answers: [{ address: MEMBER, mac: "02:00:00:00:00:02" }] },
    {
      why: "a second machine answers for the member, as a router that answers for everybody",
      answers: [asMember, { address: MEMBER, mac: "02:00:00:00:00:02" }],
    },
    { why: "no VRRP runs on its host", answers: [asMember], mayRunVrrp: () => false },
    { why: "this host cannot hear that it ends", answers: [asMember], sinceMs: undefined },
  ])("mean nothing beyond the bound where $why", ({ answers, ...differences }) => {
    expect(phaseAt(heard(late, ...answers), late, { ...UNKNOWN, ...differences })).toBe("over");
  });
});

describe("another machine that has an address of this host", () => {
  const twin = (mac: string, address = "198.51.100.11") => ({ address, mac });
  const phaseBeside = (answer: { address: string; mac: string }, nowMs: number, listener = UNKNOWN) =>
    phaseAt(hearAnswer(begun(), answer, nowMs - 1), nowMs, listener);
  const elsewhere: ListenerView = { ...UNKNOWN, own: { ...UNKNOWN.own, addresses: ["198.51.100.99"] } };

  it("goes first where it has the lower MAC, and for 15 s at most", () => {
    expect(phaseBeside(twin("02:00:00:00:00:00"), LONGEST_LISTEN_MS - 1)).toBe("listening");
    expect(phaseBeside(twin("02:00:00:00:00:00"), LONGEST_LISTEN_MS)).toBe("over");
    expect(phaseBeside(twin("02:00:00:00:00:02"), LISTEN_MS)).toBe("over");
  });

  it("goes first where this host does not have that address itself", () => {
    expect(phaseBeside(twin("02:00:00:00:00:02", "198.51.100.99"), LISTEN_MS, elsewhere)).toBe("listening");
  });

  it.each(["gateway", "proxy"] as const)("is none where a %s answers, as for hosts behind NAT", (role) => {
    const listener: ListenerView = {
      ...elsewhere,
      roleOf: () => role,
      isGateway: (address) => address === "198.51.100.99",
    };

    expect(phaseBeside(twin("02:00:00:00:00:02", "198.51.100.99"), LISTEN_MS, listener)).toBe("over");
  });

  it("owns the VIPs where it answers for them, too", () => {
    const nowMs = LONGEST_LISTEN_MS + 1;
    const answers = [FOR_VIP, { ...FOR_VIP, address: "198.51.100.99" }];
    const listening = answers.reduce((before, answer) => hearAnswer(before, answer, nowMs), begun());

    expect(listeningStep(listening, elsewhere, nowMs)).toMatchObject({
      phase: "listening",
      reason: expect.stringContaining("which metadata lists for this host"),
    });
  });
});
