/** The verdict on an IPv6 address beside what real connections of a client find, in two network namespaces. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { judgePorts } from "../../../src/ports/published-ports.ts";
import { type ClientLab, openClientLab } from "./client-lab.ts";

const VIP = "2001:db8::100";
const TARGET = "2001:db8::1";
const HOOK = "-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER";
const DNAT = `-p tcp -m tcp --dport 80 -j DNAT --to-destination [${TARGET}]:8080`;

const CASES = [
  { what: "no rule", lines: [], connects: false, reason: "ipv6-not-judged" },
  { what: "Docker's", lines: [HOOK, `-A DOCKER ! -i docker0 ${DNAT}`], connects: true, reason: "dnat" },
  {
    what: "but link-local",
    lines: [HOOK, `-A DOCKER ! -s fe80::/10 ${DNAT}`],
    connects: true,
    reason: "dnat",
  },
  {
    what: "a REDIRECT",
    lines: [`-A PREROUTING -d ${VIP}/128 -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080`],
    connects: true,
    reason: "dnat",
  },
  {
    what: "another address",
    lines: [`-A PREROUTING -d ${TARGET}/128 ${DNAT}`],
    connects: false,
    reason: "published-on-other-address",
  },
  {
    what: "taken before",
    lines: ["-A PREROUTING -i eth0 -p tcp -j ACCEPT", `-A PREROUTING ${DNAT}`],
    connects: false,
    reason: "chain-not-hooked",
  },
  { what: "no hook", lines: [`-A DOCKER ${DNAT}`], connects: false, reason: "chain-not-hooked" },
] as const;

let lab: ClientLab;
beforeAll(async () => {
  lab = await openClientLab({ vip: `${VIP}/64`, host: `${TARGET}/64`, client: "2001:db8::2/64" });
});
afterAll(() => lab.remove());

it.each(["nft", "legacy"] as const)("says of the rules of %s what a client finds", async (backend) => {
  const flush = ["-F", "-X"].map((option) => [`ip6tables-${backend}`, "-t", "nat", option]);
  for (const { what, lines, connects: wanted, reason } of CASES) {
    await lab.host.restore(backend, [":DOCKER - [0:0]", ...lines], "ipv6");
    const text = await lab.host.run(`ip6tables-${backend}-save`, "-t", "nat");
    const question = { protocol: "tcp", port: 80, address: VIP, interface: "eth0" } as const;
    const absent = { kind: "absent" } as const;
    const judged = judgePorts({ nft: absent, legacy: absent }, [question], {
      nft: { kind: "table", text },
      legacy: absent,
    });

    expect({ what, connects: await lab.connects(), reason: judged.reason }).toEqual({
      what,
      connects: wanted,
      reason,
    });
    expect(judged.verdict === "healthy").toBe(wanted);
    for (const command of flush) await lab.host.run(...command);
  }
});
