/** The verdict on nft's own rules in front of the nat tables, beside where the kernel lets a client's packet come. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  earlierNameOf,
  foreignBaseChains,
  saveOfBaseChain,
} from "../../../src/iptables/native-base-chains.ts";
import { parseNftRuleset } from "../../../src/iptables/nft-ruleset.ts";
import type { EarlierTable } from "../../../src/iptables/table-read.ts";
import { judgePorts } from "../../../src/ports/published-ports.ts";
import { HOOK } from "../../fixtures/nat-saves.ts";
import { NATIVE_FIREWALLS, NATIVE_TABLES } from "../native-firewalls.ts";
import { type ClientLab, openClientLab } from "./client-lab.ts";

const VIP = "192.0.2.100";
const TARGET = "192.0.2.1";
const DNAT = `-A CATTLE_PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination ${TARGET}:8080`;
const HTTP = { protocol: "tcp", port: 80, address: VIP, interface: "eth0" } as const;

/** Counts the first packets of connections before all tables, and those that Rancher's rule translated. */
const SEEN = `table inet seen {
  counter early {
  }
  counter late {
  }
  chain first {
    type filter hook prerouting priority -400;
    tcp flags & (syn | ack) == syn counter name early
  }
  chain last {
    type filter hook prerouting priority -99;
    tcp dport 8080 tcp flags & (syn | ack) == syn ct status dnat counter name late
  }
}`;

let lab: ClientLab;
beforeAll(async () => {
  lab = await openClientLab({ vip: `${VIP}/24`, host: `${TARGET}/24`, client: "192.0.2.2/24" });
  await lab.host.restore("nft", [":CATTLE_PREROUTING - [0:0]", HOOK, DNAT]);
  await lab.host.run("nft", SEEN);
});
afterAll(() => lab.remove());

async function counted(): Promise<readonly number[]> {
  const text = await lab.host.run("nft", "list", "counters", "table", "inet", "seen");
  return [...text.matchAll(/packets (\d+)/g)].map(([, packets]) => Number(packets));
}

/** Whether Rancher's rule gets a client's packet. A packet that a firewall dropped is not waited for. */
async function passes(): Promise<boolean> {
  await lab.host.run("nft", "reset", "counters", "table", "inet", "seen");
  const knocking = lab.knock();
  await expect.poll(async () => (await counted())[0], { interval: 20 }).toBeGreaterThan(0);
  await sleep(20); // the packet goes on to the second counter without a stop
  knocking.end();
  return ((await counted())[1] ?? 0) > 0;
}

/** As the agent reads them. */
async function earlierTables(): Promise<readonly EarlierTable[]> {
  const ruleset = await lab.host.run("nft", "-j", "list", "table", "inet", "own");
  const parsed = parseNftRuleset(ruleset);
  const [base] = foreignBaseChains(ruleset, "ipv4", "before-nat") ?? [];
  if (parsed === undefined || base === undefined) throw new Error(ruleset);
  const text = saveOfBaseChain(base, parsed, "before-nat");
  return [{ name: earlierNameOf(base), priority: base.priority, text }];
}

it("says of base chains in front of the nat tables what a client finds", async () => {
  const text = await lab.host.run("iptables-nft-save", "-t", "nat");
  const faults: string[] = [];
  for (const firewall of NATIVE_FIREWALLS) {
    const { rules, policy } = firewall;
    await lab.host.run(
      "nft",
      `table inet own {
        set office {
          type ipv6_addr;
        }
        set pairs {
          type ipv4_addr . inet_service;
        }
        set flood {
          type ipv4_addr; flags dynamic;
        }
        set seen {
          type ipv4_addr; flags dynamic,timeout;
        }
        chain away {
          drop
        }
        chain marking {
          meta mark set 1
        }
        chain pre {
          type filter hook prerouting priority -150; policy ${policy};
          ${rules.join("\n")}
        }
      }`,
    );
    const reads = { nft: { kind: "table", text: `${text}\n` }, legacy: { kind: "absent" } } as const;
    const earlier = await earlierTables();
    const { verdict } = judgePorts({ ...reads, earlier }, [HTTP]);
    const found = { passes: await passes(), verdict };
    if (found.passes !== firewall.passes || verdict !== firewall.verdict)
      faults.push(`${policy}: ${rules.join("; ")}: ${JSON.stringify(found)}\n${earlier[0]?.text}`);
    await lab.host.run("nft", "delete", "table", "inet", "own");
  }

  expect(faults.join("\n")).toBe("");
});

it.each(NATIVE_TABLES)(
  "says the same of a table $table that iptables cannot save: policy $policy, $rules",
  async (given) => {
    const { table, policy, rules, passes: wanted } = given;
    const hook = `type filter hook prerouting priority ${table}; policy ${policy};`;
    const chain = ["chain PREROUTING {", hook, ...rules, "}"];
    await lab.host.run("nft", [`table ip ${table} {`, ...chain, "}"].join("\n"));
    const reading = await lab.host.start({ backend: "nft" });
    const { reads } = await reading.read();

    expect({ verdict: judgePorts(reads, [HTTP]).verdict, passes: await passes() }).toEqual({
      verdict: wanted ? "healthy" : "unhealthy",
      passes: wanted,
    });
    await lab.host.run("nft", "delete", "table", "ip", table);
  },
);
