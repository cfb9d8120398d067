/** Groups that begin on this host, in the order in which the agent tells of them. */
import { pino } from "pino";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createGroupListening, type GroupListening } from "../../../src/listening/io/group-listening.ts";
import { LISTEN_MS, LONGEST_ANSWERED_MS } from "../../../src/listening/listening.ts";
import type { OwnLinks } from "../../../src/listening/own-links.ts";
import { createOwnerPace, type OwnerPace } from "../../../src/listening/owner-pace.ts";
import type { Advert } from "../../../src/vrrp/advert.ts";
import type { Instance } from "../../../src/vrrp/instance.ts";
import type { LinkPacket } from "../../../src/wire/address-probe.ts";
import { parseFrame, type WireFrame } from "../../../src/wire/frame.ts";
import { type Greeter, greeterOf, helloPacket } from "../../../src/wire/hello.ts";
import { INSTANCE } from "../../fixtures/desired.ts";

const OWN: OwnLinks = {
  addresses: new Set(["198.51.100.11"]),
  macs: new Map([["eth0", "02:00:00:00:00:01"]]),
  linkLocals: new Map(),
  down: new Set(),
};

let holds: Map<string, string>;
let openCount: number;
let listening: GroupListening;
let sent: LinkPacket[];
let asked: string[];
let heard: string[];
let ownListed: readonly string[];
let hosts: readonly string[];
let pace: OwnerPace;
let paceChanges: number;
let withoutVrrp: ReadonlySet<string>;
let vrrpQuestions: string[];
let gateways: readonly string[];
let state: string | undefined;
/** Undefined for a listener that has read everything. */
let readUntilMs: number | undefined;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  holds = new Map();
  readUntilMs = undefined;
  openCount = 0;
  [sent, asked, heard, ownListed, withoutVrrp] = [[], [], [], ["198.51.100.11"], new Set()];
  [vrrpQuestions, gateways, hosts, state] = [[], [], [], undefined];
  pace = createOwnerPace();
  paceChanges = 0;
  listening = createGroupListening({
    listen: (_interface, { address }) => {
      asked.push(address);
      openCount += 1;
      return {
        sinceMs: 0,
        get untilMs() {
          return readUntilMs;
        },
        close: () => {
          openCount -= 1;
        },
      };
    },
    hold: (group, reason) => void (reason === undefined ? holds.delete(group) : holds.set(group, reason)),
    isHost: () => undefined,
    onHeard: (address) => void heard.push(address),
    stateOf: () => state,
    pace,
    onPace: () => {
      paceChanges += 1;
    },
    send: (_interface, packet) => void sent.push(packet),
    ownAddresses: () => ownListed,
    hostAddresses: () => hosts,
    readGateways: () => gateways,
    findHostsWithoutVrrp: async (addresses) => {
      vrrpQuestions.push(...addresses);
      return withoutVrrp;
    },
    log: pino({ level: "silent" }),
  });
});
afterEach(() => void vi.useRealTimers());

const begin = (...instances: readonly Instance[]) =>
  listening.begin(
    instances.map((instance) => ({ instance, turnDelayMs: 0 })),
    OWN,
  );
const isHeld = () => holds.has("main");

it("holds a group back before keepalived runs it, and its start ends nothing", () => {
  begin(INSTANCE);
  expect(isHeld()).toBe(true);

  listening.setInForce([INSTANCE], OWN);
  expect(isHeld()).toBe(true);
  vi.advanceTimersByTime(LISTEN_MS);
  expect(isHeld()).toBe(false);
  expect(openCount).toBe(0);
});

it("counts no silence that its listener has not read", () => {
  readUntilMs = performance.now() + LISTEN_MS / 2;
  begin(INSTANCE);
  vi.advanceTimersByTime(1.5 * LISTEN_MS);
  expect(isHeld()).toBe(true);

  readUntilMs = performance.now();
  vi.advanceTimersByTime(1_000);
  expect(isHeld()).toBe(false);
});

it("goes on with a resumed group when metadata answers, and does not listen anew", () => {
  begin(INSTANCE);
  listening.setInForce([INSTANCE], OWN);
  vi.advanceTimersByTime(LISTEN_MS / 2);
  begin({ ...INSTANCE, unicast: { source: "198.51.100.11", peers: ["198.51.100.14"], isAlone: false } });
  expect(isHeld()).toBe(true);

  vi.advanceTimersByTime(LISTEN_MS / 2);
  expect(isHeld()).toBe(false);
  begin(INSTANCE);
  expect(isHeld()).toBe(false);
});

it("does not hold a group back that keepalived runs before it begins", () => {
  listening.setInForce([INSTANCE], OWN);
  begin(INSTANCE);

  expect(isHeld()).toBe(false);
});

it("listens from when the interface is up, however long it was down", () => {
  const groups = [{ instance: INSTANCE, turnDelayMs: 0 }];
  listening.begin(groups, { ...OWN, down: new Set(["eth0"]) });
  vi.advanceTimersByTime(1.55 * LISTEN_MS);
  listening.begin(groups, OWN);

  vi.advanceTimersByTime(LISTEN_MS / 2);
  expect(isHeld()).toBe(true);
  vi.advanceTimersByTime(LISTEN_MS / 2);
  expect(isHeld()).toBe(false);
});

it("listens no longer for a group that metadata no longer has", () => {
  begin(INSTANCE);
  begin();

  expect(isHeld()).toBe(false);
  expect(openCount).toBe(0);
});

it("advises on an owner that is no peer, once it has lasted a moment, and no longer than it is heard", () => {
  const advert = {
    source: "198.51.100.12",
    destination: "198.51.100.11",
    ttl: 255,
    version: 3,
    virtualRouterId: INSTANCE.virtualRouterId,
    priority: 200,
    intervalSeconds: 0.2,
    addresses: [INSTANCE.firstVip.address],
    authPass: undefined,
  } as const;
  const hear = () => {
    listening.noteFrame({
      text: "",
      interface: "eth0",
      mac: "02:00:00:00:00:02",
      advert,
    } satisfies WireFrame);
  };
  const unicast = { source: "198.51.100.11", peers: ["198.51.100.112"], isAlone: false };
  begin({ ...INSTANCE, unicast });
  const advise = () => listening.advice(performance.now());

  hear();
  expect(advise()).toEqual([]);
  for (let i = 0; i < 20; i += 1) {
    vi.advanceTimersByTime(200);
    hear();
  }
  expect(advise()).toEqual([
    expect.stringMatching(/^main: 198\.51\.100\.12 sends adverts and is not a peer .*UNICAST_PEERS/),
  ]);
  vi.advanceTimersByTime(2_000);
  expect(advise()).toEqual([]);
});

const advertOf = (change: Partial<Advert>): WireFrame => ({
  interface: "eth0",
  mac: "02:00:00:00:00:02",
  text: "",
  advert: {
    source: "198.51.100.12",
    destination: "198.51.100.11",
    ttl: 255,
    version: 3,
    virtualRouterId: 50,
    priority: 241,
    addresses: ["198.51.100.50"],
    authPass: undefined,
    intervalSeconds: 0.2,
    ...change,
  },
  claim: undefined,
});

it("knows the end of an owner of which keepalived counted no advert, as it does in the state FAULT", () => {
  listening.setInForce([INSTANCE], OWN);
  expect(listening.lastAdverts.previousOwner("main", "none-heard")).toBe("none-heard");
  listening.noteFrame(advertOf({}));
  expect(listening.lastAdverts.previousOwner("main", "none-heard")).toBe("silent");

  listening.noteFrame(advertOf({}));
  listening.noteFrame(advertOf({ priority: 0 }));
  expect(listening.lastAdverts.previousOwner("main", "none-heard")).toBe("given-up");
  // what was heard before this host was owner is over
  expect(listening.lastAdverts.previousOwner("main", "none-heard")).toBe("none-heard");
});

it("takes no stranger for a previous owner, and believes keepalived's own count", () => {
  listening.setInForce([INSTANCE], OWN);
  listening.noteFrame(advertOf({ source: "198.51.100.14" }));
  listening.noteFrame(advertOf({ virtualRouterId: 51 }));
  expect(listening.lastAdverts.previousOwner("main", "none-heard")).toBe("none-heard");
  expect(listening.lastAdverts.previousOwner("main", "silent")).toBe("silent");
  listening.noteFrame(advertOf({}));
  expect(listening.lastAdverts.previousOwner("main", "given-up")).toBe("given-up");
});

const OWNER = "198.51.100.12";
const OWNER_MAC = "02:00:00:00:00:02";
const unicastTo = (...peers: readonly string[]): Instance => ({
  ...INSTANCE,
  unicast: { source: "198.51.100.11", peers, isAlone: false },
});
const answerFor = (address: string, mac = OWNER_MAC) =>
  listening.noteFrame({ text: "", interface: "eth0", mac, claim: { address, mac } });
/** The machine answers all questions of the next seconds. */
const answerAll = (addresses: readonly string[], forMs: number) => {
  for (let ms = 0; ms < forMs; ms += 1_500) {
    for (const address of addresses) answerFor(address);
    vi.advanceTimersByTime(1_500);
  }
};
const VIP = INSTANCE.firstVip.address;

it("asks the members for their addresses once a machine answers for the VIP, and leaves the VIP to a member", () => {
  begin(unicastTo(OWNER, "198.51.100.13"));
  expect(asked).toEqual([VIP, "198.51.100.11"]);
  answerFor(VIP);
  expect(asked.slice(-2)).toEqual([OWNER, "198.51.100.13"]);

  answerAll([VIP, OWNER], 60_000);
  expect(holds.get("main")).toContain(`${OWNER} owns the virtual IPs and sends this host no adverts`);
  expect(listening.advice(performance.now())).toEqual([
    expect.stringMatching(/^main: 198\.51\.100\.12 owns .* Look at `status` on 198\.51\.100\.12/),
  ]);
  vi.advanceTimersByTime(10_000);
  expect(isHeld()).toBe(false);
  expect(openCount).toBe(0);
});

it("waits no longer than the bound for a member on whose host no VRRP runs", async () => {
  withoutVrrp = new Set([OWNER]);
  begin(unicastTo(OWNER));
  answerAll([VIP, OWNER], 3_000);
  await Promise.resolve();

  answerAll([VIP, OWNER], 10_500);
  expect(isHeld()).toBe(true);
  answerAll([VIP, OWNER], 3_000);
  expect(isHeld()).toBe(false);
});

const ROUTER_MAC = "02:00:00:00:00:0f";
const GATEWAY = "198.51.100.1";
/** A router answers for each address that is asked for, as with local proxy ARP. */
const answerForAll = (forMs: number) => {
  for (let ms = 0; ms < forMs; ms += 1_500) {
    for (let i = 0; i < asked.length; i += 1) answerFor(asked[i] as string, ROUTER_MAC);
    vi.advanceTimersByTime(1_500);
  }
};

it("starts as if alone beside a router that answers for every address, members' and its own", () => {
  begin(unicastTo(OWNER, "198.51.100.13"));
  answerForAll(LISTEN_MS);
  expect(isHeld()).toBe(false);
  expect(openCount).toBe(0);
});

it("leaves the VIP to an owner that answers beside such a router", () => {
  begin(unicastTo(OWNER, "198.51.100.13"));
  for (let ms = 0; ms < 30_000; ms += 1_500) {
    answerFor(VIP);
    answerFor(OWNER);
    answerForAll(1_500);
  }
  expect(holds.get("main")).toContain(`${OWNER} owns`);
});

it("takes no gateway for a host whose address it answers for", () => {
  gateways = [GATEWAY];
  begin(unicastTo(OWNER));
  for (let ms = 0; ms < 16_500; ms += 1_500) {
    for (const address of [VIP, OWNER, GATEWAY]) answerFor(address, ROUTER_MAC);
    vi.advanceTimersByTime(1_500);
  }
  expect(isHeld()).toBe(false);
});

it("takes no gateway for a twin that has the address by which metadata lists this host", () => {
  gateways = [GATEWAY];
  ownListed = ["203.0.113.9"];
  begin(unicastTo("198.51.100.11"));
  for (let ms = 0; ms < LISTEN_MS; ms += 1_500) {
    for (const address of ["203.0.113.9", GATEWAY]) answerFor(address, ROUTER_MAC);
    vi.advanceTimersByTime(1_500);
  }
  expect(isHeld()).toBe(false);
});

it("believes answers alone for 5 minutes, and longer where the owner says hello, too", () => {
  const hello = helloPacket({
    source: OWNER,
    destination: "198.51.100.11",
    destinationMac: "02:00:00:00:00:01",
    vip: VIP,
    by: "owner",
  });
  const frame = parseFrame(`eth0 ${hello.etherType} 020000000002 ${hello.packet}`) as WireFrame;
  const answers = (forMs: number, isSpeaking: boolean) => {
    for (let ms = 0; ms < forMs; ms += 5_000) {
      answerFor(VIP);
      answerFor(OWNER);
      if (isSpeaking) listening.noteFrame(frame);
      vi.advanceTimersByTime(5_000);
    }
  };
  begin(unicastTo(OWNER));
  answers(LONGEST_ANSWERED_MS - 5_000, false);
  expect(isHeld()).toBe(true);
  answers(3_600_000, true);
  expect(isHeld()).toBe(true);
  answers(40_000, false);
  expect(isHeld()).toBe(false);
});

it("answers a newcomer's hello once a second, as what it is, and no other hello", () => {
  const NEWCOMER = "198.51.100.13";
  const hear = (by: Greeter) => {
    const { etherType, packet } = helloPacket({
      source: NEWCOMER,
      destination: "224.0.0.18",
      destinationMac: "01:00:5e:00:00:12",
      vip: VIP,
      by,
    });
    listening.noteFrame(parseFrame(`eth0 ${etherType} 020000000003 ${packet}`) as WireFrame);
  };
  listening.setInForce([unicastTo(OWNER)], OWN);
  const answerers = () =>
    sent.map(({ etherType, destination, packet }) => {
      const { hello } = parseFrame(`eth0 ${etherType} 020000000001 ${packet}`) as WireFrame;
      expect(destination).toBe("020000000003");
      expect(hello).toMatchObject({ source: "198.51.100.11", destination: NEWCOMER });
      return greeterOf(hello!);
    });
  for (const by of ["owner", "backup"] as const) hear(by);
  state = undefined;
  hear("newcomer");
  expect(answerers()).toEqual([]);

  state = "MASTER";
  hear("newcomer");
  hear("newcomer");
  expect(answerers()).toEqual(["owner"]);
  vi.advanceTimersByTime(1_000);
  hear("newcomer");
  state = "BACKUP";
  hear("newcomer");
  expect(answerers()).toEqual(["owner", "owner", "backup"]);
  vi.advanceTimersByTime(1_000);
  state = "FAULT";
  hear("newcomer");
  expect(answerers()).toEqual(["owner", "owner", "backup", "backup"]);
});

it("asks for each address and each host once, however many groups begin", () => {
  const groups = Array.from(
    { length: 20 },
    (_, i): Instance => ({
      ...unicastTo(OWNER, "198.51.100.13"),
      name: `group${i}`,
      virtualRouterId: 50 + i,
      firstVip: { address: `198.51.100.${50 + i}`, prefix: 24 },
    }),
  );
  begin(...groups);
  for (const { firstVip } of groups) answerFor(firstVip.address);
  answerFor(OWNER);

  expect(asked.filter((address) => address === OWNER)).toHaveLength(1);
  expect(asked.length).toBeLessThan(groups.length + 10);
  expect(vrrpQuestions).toEqual([OWNER]);
  for (const { name } of groups) expect(holds.get(name)).toContain(`${OWNER} owns`);
  // the others go on to hear answers when one of them ends
  begin(...groups.slice(1));
  answerAll([...groups.map(({ firstVip }) => firstVip.address), OWNER], 20_000);
  expect(holds.get("group1")).toContain(`${OWNER} owns`);
  vi.advanceTimersByTime(15_000);
  expect(holds.size).toBe(0);
  expect(openCount).toBe(0);
});

it("says hello to the link each second while it listens", () => {
  begin(unicastTo(OWNER));
  vi.advanceTimersByTime(2 * LISTEN_MS);

  expect(sent.map(({ destination }) => destination)).toEqual(new Array(4).fill("01005e000012"));
});

it("says hello to that member once a second at most, which takes this host for a speaker of the group", () => {
  const greetings = () => sent.filter(({ destination }) => destination === OWNER_MAC.replaceAll(":", ""));
  begin(unicastTo(OWNER));
  answerFor(VIP);
  expect(greetings()).toEqual([]);
  answerFor(OWNER);
  answerFor(VIP);
  expect(greetings()).toHaveLength(1);
  vi.advanceTimersByTime(1_000);
  answerFor(VIP);
  expect(greetings()).toHaveLength(2);

  const [{ etherType, packet }] = greetings() as [LinkPacket, LinkPacket];
  const frame = parseFrame(`eth0 ${etherType} 020000000001 ${packet}`) as WireFrame;
  expect(frame.advert).toBeUndefined();
  const own = { ...OWN, addresses: new Set([OWNER]) };
  listening.setInForce([INSTANCE], own);
  listening.noteFrame(frame);
  expect(heard).toEqual(["198.51.100.11"]);
  listening.setInForce([{ ...INSTANCE, firstVip: { address: "198.51.100.51", prefix: 24 } }], own);
  listening.noteFrame(frame);
  listening.setInForce([INSTANCE], OWN);
  listening.noteFrame(frame);
  expect(heard).toEqual(["198.51.100.11"]);
});

it("names HOST_UUID where the owner has the address that metadata lists for this host", () => {
  ownListed = ["198.51.100.99"];
  begin({ ...INSTANCE, unicast: { source: "198.51.100.11", peers: ["198.51.100.11"], isAlone: true } });
  expect(asked).toEqual([VIP, "198.51.100.11", "198.51.100.99"]);

  answerAll(["198.51.100.99"], 9_000);
  expect(holds.get("main")).toContain("comes first");
  answerAll([VIP, "198.51.100.99"], 60_000);
  expect(isHeld()).toBe(true);
  expect(listening.advice(performance.now())).toEqual([expect.stringContaining("set HOST_UUID per host")]);
});

it("does not leave a group to keepalived before that waits for as long as its slower owner states", () => {
  const instance = unicastTo(OWNER);
  const hear = () => listening.noteFrame(advertOf({ intervalSeconds: 1 }));
  pace.setWanted([instance]);
  begin(instance);
  listening.setInForce([instance], OWN);
  for (const _ of [1, 2]) {
    hear();
    vi.advanceTimersByTime(1_000);
  }
  expect(isHeld()).toBe(true);
  expect(paceChanges).toBe(1);

  listening.setInForce([pace.paced(instance)], OWN);
  hear();
  expect(isHeld()).toBe(false);
});

it("knows the addresses that somebody has: those of hosts, and the VIPs and peers of all groups", () => {
  hosts = ["198.51.100.77"];
  const web: Instance = {
    ...INSTANCE,
    name: "web",
    unicast: undefined,
    firstVip: { address: "198.51.100.60", prefix: 32 },
    excludedVips: [{ address: "198.51.100.61", prefix: 32 }],
  };
  listening.setInForce([web], OWN);
  begin(unicastTo(OWNER));

  const known = [VIP, OWNER, "198.51.100.60", "198.51.100.61", "198.51.100.77", "198.51.100.11"];
  expect([...listening.takenAddresses()].toSorted()).toEqual(known.toSorted());
});
