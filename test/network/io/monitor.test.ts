import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, type TestContext } from "vitest";
import { sendSignal } from "../../fixtures/send-signal.ts";
import { gone, type Listening, nowMs, openNetworkLab, until } from "./monitor-lab.ts";

const OURS = ["198.51.100.50", "2001:db8::50"];
/** Generous, as the machine is shared: what is not told is seen after a minute. */
const AT_ONCE_MS = 30_000;

async function startSettled({ onTestFinished }: TestContext) {
  const lab = await openNetworkLab(onTestFinished);
  const listening = lab.start(OURS);
  await listening.settled();
  return { lab, listening, listener: (await listening.listener())! };
}

/** How many words and signs came until none came any more. */
async function untilQuiet(listening: Listening): Promise<[words: number, signs: number]> {
  for (;;) {
    const before = [listening.words.length, listening.signs.length] as const;
    await sleep(600);
    const after: [number, number] = [listening.words.length, listening.signs.length];
    if (before.join() === after.join()) return after;
  }
}

describe.concurrent("it is told at once that", () => {
  it.for([
    ["an interface appears", "link add br-ex type bridge"],
    ["a bond with a vlan appears", "link add bond1.100 type veth peer name bond1"],
    ["an interface upon another one appears", "link add link bond0 name mv0 type macvlan"],
    ["an interface disappears", "link del bond0"],
    ["an interface is renamed", "link set bond0p down", "link set bond0p name eth9"],
    ["an interface goes down, and its default route with it", "link set bond0 down"],
    ["an interface becomes the port of a bridge", "link add br0 type bridge", "link set bond0p master br0"],
    ["an address appears", "address add 198.51.100.12/24 dev bond0"],
    ["an address of IPv6 appears", "address add 2001:db8::11/64 dev bond0"],
    [
      "an address becomes another one",
      "address del 198.51.100.11/24 dev bond0",
      "address add 198.51.100.12/24 dev bond0",
    ],
    ["addresses are flushed", "address flush dev bond0"],
    ["the default route becomes another one", "route replace default via 198.51.100.2"],
    ["the default route is gone", "route del default"],
  ])("%s", async ([, ...lines], context) => {
    const { lab, listening } = await startSettled(context);
    const before = listening.words.length;
    const beforeMs = nowMs();
    await lab.ip(...lines);
    const doneMs = nowMs();
    await listening.wordSince(beforeMs);

    expect(listening.words[before]! - doneMs).toBeLessThan(AT_ONCE_MS);
  });
});

describe.concurrent("nobody is woken", () => {
  it.for([
    { by: "virtual IPs that come and go", what: OURS.map((vip) => ["address", `${vip} dev bond0`]) },
    { by: "neighbours", what: [["neigh", "198.51.100.5 lladdr 02:00:00:00:00:05 dev bond0 nud permanent"]] },
    { by: "multicast", what: [["maddr", "33:33:00:00:00:05 dev bond0"]] },
    { by: "routes that are not the default", what: [["route", "203.0.113.0/24 via 198.51.100.1"]] },
    { by: "default routes of other tables", what: [["route", "default via 198.51.100.3 table 100"]] },
  ])("by $by, however often", async ({ what }, context) => {
    const { lab, listening } = await startSettled(context);
    const before = listening.words.length;
    for (let round = 0; round < 20; round += 1) {
      await lab.ip(...what.flatMap(([kind, it]) => [`${kind} add ${it}`, `${kind} del ${it}`]));
    }
    const beforeMs = nowMs();
    await lab.ip("link add br-ex type bridge");
    await listening.wordSince(beforeMs);

    // words come in the order of the events
    expect(listening.words[before]).toBeGreaterThan(beforeMs);
  });
});

describe.concurrent("much at once", () => {
  it("is reported at once, then every 150 ms, and once more at the end", async (context) => {
    const { lab, listening } = await startSettled(context);
    const before = listening.words.length;
    const startMs = nowMs();
    // on a busy machine `ip` is started seldom
    while (nowMs() - startMs < 1_700 || listening.words.length < before + 4) {
      await lab.ip("address add 198.51.100.12/24 dev bond0", "address del 198.51.100.12/24 dev bond0");
    }
    const lastMs = nowMs();
    await lab.ip("link add br-ex type bridge");
    await listening.wordSince(lastMs);

    const words = listening.words.slice(before);
    expect(words[0]! - startMs).toBeLessThan(AT_ONCE_MS);
    expect(words.length).toBeGreaterThanOrEqual(4);
    // a busy machine prints one late and the next one in time: only all of them together are 150 ms apart
    expect(words.length).toBeLessThanOrEqual((words.at(-1)! - words[0]!) / 150 + 2);
  });

  it("is reported even where the kernel had no room for it", async (context) => {
    const { lab, listening, listener } = await startSettled(context);
    const noise = Array.from(
      { length: 6_000 },
      (_, n) => `route add 203.${n >> 8}.${n & 255}.0/24 dev bond0`,
    );
    sendSignal(listener, "SIGSTOP");
    await lab.ip(...noise, "link add br-ex type bridge");
    const beforeMs = nowMs();
    sendSignal(listener, "SIGCONT");
    await listening.wordSince(beforeMs);

    expect(await listening.listener()).toBe(listener);
  });
});

describe.concurrent("a reading of the network", () => {
  it("is invalidated by any line, even about our own addresses, which are not reported", async (context) => {
    const { lab, listening } = await startSettled(context);
    const [words, signs] = [listening.words.length, listening.signs.length];
    await lab.ip("address add 198.51.100.50/32 dev bond0");
    await until(() => listening.signs.length > signs);

    expect(listening.signs.slice(signs)).toContain("news");
    expect(listening.words).toHaveLength(words);
  });

  it("is kept where another program renews a lifetime, and nobody is woken", async (context) => {
    const { lab, listening } = await startSettled(context);
    const renew = "address change 198.51.100.11/24 dev bond0 valid_lft 600 preferred_lft 600";
    await lab.ip(renew);
    const [words, signs] = await untilQuiet(listening);
    await lab.ip(...Array.from({ length: 20 }, () => renew));
    const beforeMs = nowMs();
    await lab.ip("link add br-ex type bridge");
    await listening.wordSince(beforeMs);

    expect(listening.words[words]).toBeGreaterThan(beforeMs);
    expect(listening.signs.length - signs).toBeLessThan(20);
  });

  it("is not kept while no listener runs", async (context) => {
    const { listening, listener } = await startSettled(context);
    expect(listening.signs.at(-1)).toBe("told");
    sendSignal(listener, "SIGKILL");
    await until(() => listening.signs.at(-1) === "untold");
    await until(() => listening.signs.at(-1) === "told");

    expect(await listening.listener()).not.toBe(listener);
  });
});

describe.concurrent("nobody listens", () => {
  it("after the listener was killed, until the next one starts and reports what was missed", async (context) => {
    const { lab, listening, listener } = await startSettled(context);
    sendSignal(listener, "SIGKILL");
    await gone(listener);
    await lab.ip("link add br-ex type bridge");
    await listening.wordSince(nowMs());

    expect(await listening.listener()).not.toBe(listener);
    await listening.settled();
    const beforeMs = nowMs();
    await lab.ip("link del br-ex");
    await listening.wordSince(beforeMs);
  });

  it("after the abort, and nothing keeps the agent from its end", async (context) => {
    const { lab, listening, listener } = await startSettled(context);
    const beforeMs = nowMs();
    await lab.ip("link add br-ex type bridge");
    await listening.wordSince(beforeMs);
    await lab.ip("link del br-ex");
    const { length } = listening.words;
    const abortedMs = nowMs();
    listening.abort();
    await listening.ended;

    expect(nowMs() - abortedMs).toBeLessThan(AT_ONCE_MS);
    expect(listening.words).toHaveLength(length);
    await gone(listener);
  });

  it("after the agent was killed", async (context) => {
    const { listening, listener } = await startSettled(context);
    sendSignal(listening.pid, "SIGKILL");

    await gone(listener);
  });
});
