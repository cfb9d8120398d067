/** The verdict on an IPv6 address beside what real connections of a client find, in two network namespaces. */
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import { judgePorts } from "../../../src/ports/published-ports.ts";
import { type NatLab, openNatLab } from "../../iptables/io/nat-lab.ts";

const VIP = "2001:db8::100";
const TARGET = "2001:db8::1";
const CLIENT = "2001:db8::2";
const HOOK = "-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER";
const DNAT = `-p tcp -m tcp --dport 80 -j DNAT --to-destination [${TARGET}]:8080`;
const LISTENER =
  'require("net").createServer((socket) => socket.end()).listen(8080, "::", () => console.log("up"))';

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

let host: NatLab;
let client: NatLab;
beforeAll(async () => {
  host = await openNatLab();
  client = await openNatLab();
  await host.run(
    "ip",
    "link",
    "add",
    "eth0",
    "type",
    "veth",
    "peer",
    "name",
    "eth0",
    "netns",
    client.namespace,
  );
  for (const [lab, addresses] of [
    [host, [TARGET, VIP]],
    [client, [CLIENT]],
  ] as const) {
    for (const address of addresses)
      await lab.run("ip", "addr", "add", `${address}/64`, "dev", "eth0", "nodad");
    for (const link of ["lo", "eth0"]) await lab.run("ip", "link", "set", link, "up");
  }
  const listener = execa("ip", ["netns", "exec", host.namespace, process.execPath, "-e", LISTENER], {
    reject: false,
  });
  await new Promise((resolve) => listener.stdout.once("data", resolve));
});
afterAll(async () => {
  await client?.remove();
  await host?.remove(); // ends the listener, too
});

/** Whether a client's connection to the VIP is accepted. */
async function connects(): Promise<boolean> {
  const attempt = ["timeout", "5", "bash", "-c", `exec 3<>/dev/tcp/${VIP}/80`];
  return client.run(...attempt).then(
    () => true,
    () => false,
  );
}

it.each(["nft", "legacy"] as const)("says of the rules of %s what a client finds", async (backend) => {
  const flush = ["-F", "-X"].map((option) => [`ip6tables-${backend}`, "-t", "nat", option]);
  for (const { what, lines, connects: wanted, reason } of CASES) {
    await host.restore(backend, [":DOCKER - [0:0]", ...lines], "ipv6");
    const text = await host.run(`ip6tables-${backend}-save`, "-t", "nat");
    const question = { protocol: "tcp", port: 80, address: VIP, interface: "eth0" } as const;
    const absent = { kind: "absent" } as const;
    const judged = judgePorts({ nft: absent, legacy: absent }, [question], {
      nft: { kind: "table", text },
      legacy: absent,
    });

    expect({ what, connects: await connects(), reason: judged.reason }).toEqual({
      what,
      connects: wanted,
      reason,
    });
    expect(judged.verdict === "healthy").toBe(wanted);
    for (const command of flush) await host.run(...command);
  }
});
