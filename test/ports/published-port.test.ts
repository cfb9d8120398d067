import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseTable } from "../../src/iptables/table.ts";
import { judgePort, type PortQuestion } from "../../src/ports/published-port.ts";
import { HOOK, hookedSave, saveOf } from "../fixtures/nat-saves.ts";

const VIP = "192.168.10.100";
const HOST = "192.168.10.11";
const TO = "-j DNAT --to-destination 10.42.1.2:80";
const DNAT = `-p tcp -m tcp --dport 80 ${TO}`;
const MARK = "-j MARK --set-xmark 0x1068/0xffffffff";

function judge(save: string, question: Partial<PortQuestion> = {}) {
  const table = parseTable(save, "nat");
  if (!("chains" in table)) throw new Error(table.problem);
  return judgePort(table, { protocol: "tcp", port: 80, address: VIP, interface: "eth0", ...question });
}

const TARGET = { kind: "host", address: "10.42.1.2", port: 80 } as const;
const PUBLISHED = { verdict: "healthy", reason: "dnat", detail: "10.42.1.2:80", target: TARGET } as const;

describe("the rules that Rancher writes publish a port", () => {
  it.each([
    { era: "0.x", rules: [`-p tcp -m addrtype --dst-type LOCAL -m tcp --dport 80 ${TO}`] },
    {
      era: "1.0 and 1.1",
      rules: [
        "! -i docker0 -p tcp -m addrtype --dst-type LOCAL -m tcp --dport 80 -j MARK --set-xmark 0x668a0/0xffffffff",
        `! -i docker0 -p tcp -m addrtype --dst-type LOCAL -m tcp --dport 80 ${TO}`,
      ],
    },
    {
      era: "1.2 to 1.6.0",
      rules: [`! -i docker0 -p tcp -m tcp --dport 80 ${MARK}`, `! -i docker0 ${DNAT}`],
    },
    {
      era: "1.2 to 1.6.0, bound to the VIP",
      rules: [
        `-d ${VIP}/32 ! -i docker0 -p tcp -m tcp --dport 80 ${MARK}`,
        `-d ${VIP}/32 ! -i docker0 ${DNAT}`,
      ],
    },
    {
      era: "1.6.1 and later",
      rules: [`! -i docker0 ${DNAT}`, `-p tcp -m tcp --dport 80 -m addrtype --dst-type LOCAL ${TO}`],
    },
    { era: "1.6.1 and later, another bridge", rules: [`! -i cni0 ${DNAT}`] },
    { era: "1.6.1 and later, without a bridge", rules: [DNAT] },
    { era: "1.6.1 and later, bound to the VIP", rules: [`-d ${VIP}/32 ${DNAT}`] },
    {
      era: "the later rule of hairpins alone",
      rules: [`-p tcp -m tcp --dport 80 -m addrtype --dst-type LOCAL ${TO}`],
    },
    { era: "two targets of an upgrade", rules: [DNAT, DNAT.replace("10.42.1.2", "10.42.9.9")] },
    {
      era: "metadata redirected before",
      rules: [
        "-d 169.254.169.250/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 169.254.169.250:9346",
        DNAT,
      ],
    },
  ])("$era", ({ rules }) => {
    expect(judge(hookedSave(...rules))).toEqual(PUBLISHED);
    expect(judge(hookedSave(...rules), { address: "any" })).toEqual(PUBLISHED);
  });

  it("gives every port of an associated address its target", () => {
    const save = hookedSave(`-d ${VIP}/32 -m state --state NEW -j DNAT --to-destination 10.42.1.2`);

    expect(judge(save, { port: 12_345 })).toEqual({
      verdict: "healthy",
      reason: "dnat",
      detail: "10.42.1.2",
      target: { ...TARGET, port: 12_345 },
    });
    expect(judge(save, { address: HOST })).toMatchObject({ reason: "published-on-other-address" });
  });
});

it("names no single target where the clients of a port come to several", () => {
  const statistic = DNAT.replace("-j", "-m statistic --mode random --probability 0.5 -j");
  const rules = [statistic.replace("10.42.1.2", "10.42.9.9"), DNAT];

  expect(judge(hookedSave(...rules))).toMatchObject({ reason: "dnat", target: { kind: "several" } });
});

describe("a condition", () => {
  it.each([
    // Protocol and port
    { rule: `-p 6 -m tcp --dport 80 ${TO}`, port: 80, is: "dnat" },
    { rule: `-p 17 -m udp --dport 80 ${TO}`, port: 80, is: "port-not-published" },
    { rule: `-p 0 ${TO}`, port: 80, is: "dnat" },
    { rule: `! -p udp ${TO}`, port: 80, is: "dnat" },
    { rule: `! -p tcp ${TO}`, port: 80, is: "port-not-published" },
    { rule: `-p tcp --dport 80 ${TO}`, port: 80, is: "dnat" },
    { rule: `-p tcp -m tcp --dport 80:90 ${TO}`, port: 90, is: "dnat" },
    { rule: `-p tcp -m tcp --dport 80:90 ${TO}`, port: 91, is: "port-not-published" },
    { rule: `-p tcp -m tcp --dport 0:53 ${TO}`, port: 53, is: "dnat" },
    { rule: `-p tcp -m tcp --dport 8000: ${TO}`, port: 65_535, is: "dnat" },
    { rule: `-p tcp -m tcp --dport :8000 ${TO}`, port: 8001, is: "port-not-published" },
    { rule: `-p tcp -m tcp ! --dport 80 ${TO}`, port: 80, is: "port-not-published" },
    { rule: `-p tcp -m tcp ! --dport 80:90 ${TO}`, port: 91, is: "dnat" },
    { rule: `-p tcp -m tcp --dport http ${TO}`, port: 80, is: "port-not-published" },
    { rule: `-p tcp -m tcp ! --dport http ${TO}`, port: 80, is: "port-not-published" },
    { rule: `-p tcp -m tcp --dport 80 90 ${TO}`, port: 80, is: "port-not-published" },
    { rule: `-p tcp -m tcp --sport 1024:65535 --dport 80 ${TO}`, port: 80, is: "dnat" },
    { rule: `-p tcp -m multiport --dports 80,443,1000:2000 ${TO}`, port: 443, is: "dnat" },
    { rule: `-p tcp -m multiport --dports 80,443,1000:2000 ${TO}`, port: 1500, is: "dnat" },
    { rule: `-p tcp -m multiport --dports 80,443,1000:2000 ${TO}`, port: 81, is: "port-not-published" },
    { rule: `-p tcp -m multiport ! --dports 80,443 ${TO}`, port: 81, is: "dnat" },
    { rule: `-p tcp -m multiport ! --dports 80,443 ${TO}`, port: 443, is: "port-not-published" },
    { rule: `-p tcp -m multiport --dports 443,http ${TO}`, port: 80, is: "port-not-published" },
    { rule: `-p tcp -m multiport ! --dports 443,http ${TO}`, port: 80, is: "port-not-published" },
    { rule: `-p tcp -m multiport --ports 80 ${TO}`, port: 80, is: "dnat" },
    { rule: `-p tcp -m multiport ! --ports 81 ${TO}`, port: 80, is: "dnat" },
    { rule: `-p tcp -m multiport --sports 80 ${TO}`, port: 80, is: "port-not-published" },
    { rule: `-p tcp -m tcp --dport 80 --tcp-flags FIN,SYN,RST,ACK SYN ${TO}`, port: 80, is: "dnat" },
    {
      rule: `-p tcp -m tcp --dport 80 ! --tcp-flags FIN,SYN,RST,ACK SYN ${TO}`,
      port: 80,
      is: "port-not-published",
    },
    { rule: `-p tcp -m tcp --dport 80 --tcp-flags RST,FIN NONE ${TO}`, port: 80, is: "dnat" },
    { rule: `-p tcp -m tcp --dport 80 --syn ${TO}`, port: 80, is: "dnat" },
    { rule: `-p tcp -m tcp --dport 80 --tcp-flags RST RST ${TO}`, port: 80, is: "port-not-published" },
    // Destination
    { rule: `-d 192.168.10.0/24 ${DNAT}`, port: 80, is: "dnat" },
    { rule: `-d 192.0.10.100/255.0.255.255 ${DNAT}`, port: 80, is: "dnat" },
    { rule: `! -d 192.168.10.11/32 ${DNAT}`, port: 80, is: "dnat" },
    { rule: `! -d ${VIP}/32 ${DNAT}`, port: 80, is: "published-on-other-address" },
    { rule: `-d 192.168.10.10/32 ${DNAT}`, port: 80, is: "published-on-other-address" },
    { rule: `-d 169.254.169.250/32 ${DNAT}`, port: 80, is: "port-not-published" },
    { rule: `-d host.example ${DNAT}`, port: 80, is: "port-not-published" },
    {
      rule: `${DNAT.replace("tcp -m", "tcp -m addrtype --dst-type UNICAST -m")}`,
      port: 80,
      is: "port-not-published",
    },
    {
      rule: `${DNAT.replace("tcp -m", "tcp -m addrtype ! --dst-type LOCAL -m")}`,
      port: 80,
      is: "port-not-published",
    },
    // Interface and sender
    { rule: `-i docker0 ${DNAT}`, port: 80, is: "port-not-published" },
    { rule: `-i eth0 ${DNAT}`, port: 80, is: "dnat" },
    { rule: `! -i eth0 ${DNAT}`, port: 80, is: "port-not-published" },
    { rule: `! -i e+ ${DNAT}`, port: 80, is: "port-not-published" },
    { rule: `! -i br-+ ${DNAT}`, port: 80, is: "dnat" },
    { rule: `! -i + ${DNAT}`, port: 80, is: "port-not-published" },
    ...["docker0", "eth1", "eth0.5", "ethbr0", "en+"].map((other) => ({
      rule: `! -i ${other} ${DNAT}`,
      port: 80,
      is: "dnat" as const,
    })),
    { rule: `! -o docker0 ${DNAT}`, port: 80, is: "dnat" },
    { rule: `-o eth0 ${DNAT}`, port: 80, is: "port-not-published" },
    { rule: `-s 10.42.0.0/16 ${DNAT}`, port: 80, is: "port-not-published" },
    { rule: `! -s 10.42.0.0/16 ${DNAT}`, port: 80, is: "dnat" },
    { rule: `-s 0.0.0.0/0 ${DNAT}`, port: 80, is: "dnat" },
    { rule: `-m mac --mac-source 02:00:00:00:00:01 ${DNAT}`, port: 80, is: "port-not-published" },
    // State, mark, comment, unheard-of
    { rule: `-m state --state NEW ${DNAT}`, port: 80, is: "dnat" },
    { rule: `-m conntrack --ctstate NEW,RELATED ${DNAT}`, port: 80, is: "dnat" },
    { rule: `-m conntrack ! --ctstate ESTABLISHED ${DNAT}`, port: 80, is: "dnat" },
    { rule: `-m state --state ESTABLISHED ${DNAT}`, port: 80, is: "port-not-published" },
    { rule: `-m mark --mark 0x1068 ${DNAT}`, port: 80, is: "port-not-published" },
    { rule: `-m comment --comment "-d 10.0.0.1 -j RETURN" ${DNAT}`, port: 80, is: "dnat" },
    { rule: `-m comment --comment --dport ${DNAT}`, port: 80, is: "dnat" },
    { rule: `-m statistic --mode random --probability 0.5 ${DNAT}`, port: 80, is: "port-not-published" },
    { rule: `-m socket ${DNAT}`, port: 80, is: "port-not-published" },
    { rule: `-m unheard --of it ${DNAT}`, port: 80, is: "port-not-published" },
    { rule: `-f ${DNAT}`, port: 80, is: "port-not-published" },
    // Target
    { rule: "-p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080", port: 80, is: "dnat" },
    { rule: "-p tcp -m tcp --dport 80 -j DNAT", port: 80, is: "port-not-published" },
    {
      rule: "-p tcp -m tcp --dport 80 -j DNAT --to-destination 169.254.169.250:80",
      port: 80,
      is: "port-not-published",
    },
    { rule: `-p tcp -m tcp --dport 80 ${MARK}`, port: 80, is: "port-not-published" },
    { rule: "-p tcp -m tcp --dport 80", port: 80, is: "port-not-published" },
  ])("of `$rule` makes port $port $is", ({ rule, port, is }) => {
    expect(judge(hookedSave(rule), { port }).reason).toBe(is);
  });
});

describe("the order of rules", () => {
  const jump = "-A CATTLE_PREROUTING -j SUB";
  const dnat = `-A CATTLE_PREROUTING ${DNAT}`;
  const sub = (rule: string) => `-A SUB ${rule}`;
  it.each([
    { why: "RETURN before", lines: ["-A CATTLE_PREROUTING -j RETURN", dnat], is: "port-not-published" },
    {
      why: "ACCEPT before",
      lines: ["-A CATTLE_PREROUTING -p tcp -j ACCEPT", dnat],
      is: "port-not-published",
    },
    {
      why: "NETMAP before",
      lines: ["-A CATTLE_PREROUTING -j NETMAP --to 10.0.0.0/24", dnat],
      is: "port-not-published",
    },
    { why: "RETURN after", lines: [dnat, "-A CATTLE_PREROUTING -j RETURN"], is: "dnat" },
    {
      why: "RETURN of another port before",
      lines: ["-A CATTLE_PREROUTING -p tcp -m tcp --dport 81 -j RETURN", dnat],
      is: "dnat",
    },
    {
      why: "RETURN for some clients before",
      lines: ["-A CATTLE_PREROUTING -s 203.0.113.0/24 -j RETURN", dnat],
      is: "dnat",
    },
    { why: "LOG before", lines: ['-A CATTLE_PREROUTING -j LOG --log-prefix "-j RETURN "', dnat], is: "dnat" },
    { why: "DNAT in a chain below", lines: [jump, sub(DNAT)], is: "dnat" },
    {
      why: "DNAT in a chain below for some clients",
      lines: ["-A CATTLE_PREROUTING -s 10.0.0.0/8 -j SUB", sub(DNAT)],
      is: "port-not-published",
    },
    {
      why: "RETURN in a chain below",
      lines: [jump, dnat, sub("-j RETURN"), sub(DNAT.replace("1.2", "6.6"))],
      is: "dnat",
    },
    { why: "ACCEPT in a chain below", lines: [jump, dnat, sub("-j ACCEPT")], is: "port-not-published" },
    {
      why: "a goto that comes back to no rule",
      lines: ["-A CATTLE_PREROUTING -g SUB", dnat, sub("-j RETURN")],
      is: "port-not-published",
    },
    { why: "a goto to the DNAT", lines: ["-A CATTLE_PREROUTING -g SUB", sub(DNAT)], is: "dnat" },
    { why: "a loop", lines: [jump, sub("-j SUB"), sub("-j CATTLE_PREROUTING"), dnat], is: "dnat" },
  ])("$why: $is", ({ lines, is }) => {
    expect(judge(saveOf([HOOK, ...lines], ["SUB"])).reason).toBe(is);
  });

  it("takes the first of two targets", () => {
    const second = DNAT.replace("10.42.1.2", "10.42.9.9");

    expect(judge(hookedSave(DNAT, second)).detail).toBe("10.42.1.2:80");
  });

  it("ends in a web of chains that jump to each other twice", () => {
    const names = Array.from({ length: 200 }, (_, i) => `N${i}`);
    const lines = names.flatMap((name, i) => Array(2).fill(`-A ${name} -j N${i + 1}`));

    expect(judge(saveOf([HOOK, "-A CATTLE_PREROUTING -j N0", ...lines], names)).reason).toBe(
      "port-not-published",
    );
  });
});

describe("the way to Rancher's chain", () => {
  const chains = ["DOCKER", "CATTLE_HOOK_PREROUTING"];
  const hop = "-A PREROUTING -j CATTLE_HOOK_PREROUTING";
  const docker = "-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER";
  it.each([
    { why: "for every packet", lines: ["-A PREROUTING -j CATTLE_PREROUTING"], is: "dnat" },
    { why: "for local destinations", lines: [HOOK], is: "dnat" },
    {
      why: "with a comment",
      lines: ['-A PREROUTING -m comment --comment "by hand" -j CATTLE_PREROUTING'],
      is: "dnat",
    },
    { why: "by goto", lines: ["-A PREROUTING -g CATTLE_PREROUTING"], is: "dnat" },
    {
      why: "over one more chain",
      lines: [hop, "-A CATTLE_HOOK_PREROUTING -j CATTLE_PREROUTING"],
      is: "dnat",
    },
    {
      why: "over a chain that is not hooked",
      lines: ["-A CATTLE_HOOK_PREROUTING -j CATTLE_PREROUTING"],
      is: "chain-not-hooked",
    },
    { why: "not at all", lines: [], is: "chain-not-hooked" },
    { why: "from OUTPUT only", lines: ["-A OUTPUT -j CATTLE_PREROUTING"], is: "chain-not-hooked" },
    {
      why: "for some clients",
      lines: ["-A PREROUTING -s 10.0.0.0/8 -j CATTLE_PREROUTING"],
      is: "chain-not-hooked",
    },
    {
      why: "for one interface",
      lines: ["-A PREROUTING -i eth1 -j CATTLE_PREROUTING"],
      is: "chain-not-hooked",
    },
    {
      why: "for another address",
      lines: [`-A PREROUTING -d ${HOST}/32 -j CATTLE_PREROUTING`],
      is: "chain-not-hooked",
    },
    { why: "for UDP", lines: ["-A PREROUTING -p udp -j CATTLE_PREROUTING"], is: "chain-not-hooked" },
    {
      why: "for destinations elsewhere",
      lines: ["-A PREROUTING -m addrtype ! --dst-type LOCAL -j CATTLE_PREROUTING"],
      is: "chain-not-hooked",
    },
    {
      why: "for TCP, which Rancher never writes",
      lines: ["-A PREROUTING -p tcp -j CATTLE_PREROUTING"],
      is: "dnat",
    },
    {
      why: "over one more chain for TCP",
      lines: [
        "-A PREROUTING -p tcp -j CATTLE_HOOK_PREROUTING",
        "-A CATTLE_HOOK_PREROUTING -j CATTLE_PREROUTING",
      ],
      is: "dnat",
    },
    {
      why: "after a hook that does not count",
      lines: [
        "-A PREROUTING -p udp -j CATTLE_HOOK_PREROUTING",
        hop,
        "-A CATTLE_HOOK_PREROUTING -j CATTLE_PREROUTING",
      ],
      is: "dnat",
    },
    { why: "behind ACCEPT", lines: ["-A PREROUTING -j ACCEPT", HOOK], is: "chain-not-hooked" },
    { why: "behind RETURN", lines: ["-A PREROUTING -p tcp -j RETURN", HOOK], is: "chain-not-hooked" },
    { why: "behind ACCEPT of UDP", lines: ["-A PREROUTING -p udp -j ACCEPT", HOOK], is: "dnat" },
    {
      why: "behind ACCEPT for some clients",
      lines: ["-A PREROUTING -s 203.0.113.9/32 -j ACCEPT", HOOK],
      is: "dnat",
    },
    { why: "behind a goto elsewhere", lines: ["-A PREROUTING -g DOCKER", HOOK], is: "chain-not-hooked" },
    { why: "behind Docker's chain", lines: [docker, HOOK, "-A DOCKER -i docker0 -j RETURN"], is: "dnat" },
    { why: "behind Docker's RETURN", lines: [docker, HOOK, "-A DOCKER -j RETURN"], is: "dnat" },
    {
      why: "behind Docker's DNAT of the port",
      lines: [
        docker,
        HOOK,
        "-A DOCKER ! -i docker0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 172.17.0.5:80",
      ],
      is: "chain-not-hooked",
    },
    {
      why: "behind Docker's DNAT of another port",
      lines: [
        docker,
        HOOK,
        "-A DOCKER ! -i docker0 -p tcp -m tcp --dport 81 -j DNAT --to-destination 172.17.0.5:80",
      ],
      is: "dnat",
    },
  ])("$why: $is", ({ lines, is }) => {
    const dnat = `-A CATTLE_PREROUTING ${DNAT}`;
    expect(judge(saveOf([...lines, dnat], chains)).reason).toBe(is);
  });

  it("does not pass through a DNAT of Docker alone", () => {
    const save = saveOf([HOOK, docker, `-A DOCKER ${DNAT}`], chains);

    expect(judge(save)).toEqual({
      verdict: "unhealthy",
      reason: "port-not-published",
      detail: "CATTLE_PREROUTING is empty",
    });
  });
});

describe("what a text search for the port took for published", () => {
  const line = (protocol: string, port: number, to: string) =>
    `-p ${protocol} -m ${protocol} --dport ${port} -j DNAT --to-destination ${to}`;
  it.each([
    { what: "8080", rule: line("tcp", 8080, "10.42.77.50:3000"), port: 80 },
    { what: "a container's port 80", rule: line("tcp", 9000, "10.42.77.50:80"), port: 80 },
    { what: "a container's port 3000", rule: line("tcp", 8080, "10.42.77.50:3000"), port: 300 },
    { what: "udp 4500", rule: line("udp", 4500, "10.42.50.1:4500"), port: 45 },
    { what: "an address that begins with 10", rule: line("tcp", 443, "10.42.1.1:443"), port: 10 },
    { what: "udp 80", rule: line("udp", 80, "10.42.1.1:80"), port: 80 },
    {
      what: "the metadata service",
      rule: `-d 169.254.169.250/32 ${line("tcp", 80, "169.254.169.250:9346")}`,
      port: 80,
    },
    { what: "a mark", rule: `! -i docker0 -p tcp -m tcp --dport 80 ${MARK}`, port: 80 },
  ])("$what is not tcp $port", ({ rule, port }) => {
    for (const address of [VIP, "any"]) {
      expect(judge(hookedSave(rule), { port, address }).reason).toBe("port-not-published");
    }
  });
});

describe("the address that is asked about", () => {
  const bound = hookedSave(`-d ${HOST}/32 ! -i docker0 ${DNAT}`);
  it.each([
    { address: HOST, is: "dnat" },
    { address: VIP, is: "published-on-other-address" },
    { address: "any", is: "dnat" },
    { address: "192.168.10.1", is: "published-on-other-address" },
    { address: "not an address", is: "published-on-other-address" },
  ])("$address of a port of the host's own address: $is", ({ address, is }) => {
    expect(judge(bound, { address }).reason).toBe(is);
  });

  it("is never that of the metadata service", () => {
    const metadata = "169.254.169.250";

    expect(judge(hookedSave(`-d ${metadata}/32 ${DNAT}`), { address: metadata }).reason).toBe(
      "port-not-published",
    );
  });

  it("says what there is instead", () => {
    const udp = "-p udp -m udp --dport 80 -j DNAT --to-destination 10.42.1.1:80";
    const some = `-s 10.0.0.0/8 ${DNAT}`;

    expect(judge(bound).detail).toContain(`-d ${HOST}/32`);
    expect(judge(hookedSave(udp)).detail).toBe(`only udp 80 is: -A CATTLE_PREROUTING ${udp}`);
    expect(judge(hookedSave(some)).exceptions).toEqual([
      `clients of 10.0.0.0/8: -A CATTLE_PREROUTING ${some}`,
    ]);
    expect(judge(hookedSave("-j RETURN", DNAT)).detail).toBe("decided by -A CATTLE_PREROUTING -j RETURN");
    expect(judge(hookedSave("-p tcp -m tcp --dport 443 -j ACCEPT"))).not.toHaveProperty("detail");
  });
});

it("gives the same verdict whatever the order of the rules of other ports", () => {
  const others = Array.from({ length: 12 }, (_, i) => {
    const protocol = i % 2 ? "udp" : "tcp";
    return `-p ${protocol} -m ${protocol} --dport ${8000 + i} -j DNAT --to-destination 10.42.3.${i}:80`;
  });
  const own = [
    DNAT,
    DNAT.replace("10.42.1.2", "10.42.9.9"),
    `-d ${HOST}/32 ${DNAT}`,
    `-s 10.0.0.0/8 ${DNAT}`,
  ];
  fc.assert(
    fc.property(
      fc.shuffledSubarray(others),
      fc.constantFrom(...own),
      fc.nat(12),
      fc.constantFrom(VIP, HOST, "any"),
      (rules, rule, at, address) => {
        expect(judge(hookedSave(...rules.toSpliced(at, 0, rule)), { address })).toEqual(
          judge(hookedSave(rule), { address }),
        );
      },
    ),
  );
});
