/** Rules of other programs before, around and in Rancher's chain: each kind with a case that takes the clients away and one that does not. */
import { describe, expect, it } from "vitest";
import { parseTable } from "../../src/iptables/table.ts";
import { judgePort, type PortFinding, type PortQuestion } from "../../src/ports/published-port.ts";
import { HOOK, saveOf } from "../fixtures/nat-saves.ts";

const VIP = "192.168.10.100";
const P80 = "-A CATTLE_PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.42.1.2:80";
const P443 = P80.replace("--dport 80", "--dport 443");
const CHAINS = ["CHAIN", "net_dnat", "dnat"];

function judge(lines: readonly string[], question: Partial<PortQuestion> = {}): PortFinding {
  const table = parseTable(saveOf(lines, CHAINS), "nat");
  if (!("chains" in table)) throw new Error(table.problem);
  return judgePort(table, { protocol: "tcp", port: 80, address: VIP, interface: "eth0", ...question });
}

const before = (...rules: string[]) => [...rules.map((rule) => `-A PREROUTING ${rule}`), HOOK, P80];

interface Case {
  readonly rules: readonly string[];
  readonly is: PortFinding["verdict"];
}

describe("a rule in front of Rancher's hook", () => {
  const unhealthy = (...rules: string[]): Case => ({ rules, is: "unhealthy" });
  const healthy = (...rules: string[]): Case => ({ rules, is: "healthy" });
  const unknown = (...rules: string[]): Case => ({ rules, is: "unknown" });
  it.each([
    // the interface is known
    unhealthy("-i eth0 -p tcp -m tcp --dport 80 -j ACCEPT"),
    unhealthy("-i eth+ -j ACCEPT"),
    unhealthy("! -i docker0 -j ACCEPT"),
    unhealthy("-i eth0 -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080"),
    unhealthy("-i eth0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.5:80"),
    unhealthy("-i eth0 -g CHAIN"),
    healthy("-i eth1 -p tcp -m tcp --dport 80 -j ACCEPT"),
    healthy("! -i eth0 -j ACCEPT"),
    healthy("-i eth0 -p udp -j ACCEPT"),
    healthy("-i eth0 -j CHAIN"),
    // matches that hold for every client, or for hardly any
    unhealthy("-m pkttype --pkt-type unicast -j ACCEPT"),
    healthy("-m pkttype --pkt-type broadcast -j ACCEPT"),
    unhealthy("-m mark --mark 0x0 -j ACCEPT"),
    healthy("-m mark ! --mark 0x0 -j ACCEPT"),
    unhealthy("-j MARK --set-xmark 0x5/0xffffffff", "-m mark --mark 0x1/0x3 -j ACCEPT"),
    healthy("-j MARK --set-xmark 0x4/0xffffffff", "-m mark --mark 0x1/0x3 -j ACCEPT"),
    unhealthy("-p tcp -m tcp --sport 1024:65535 -j ACCEPT"),
    healthy("-p tcp -m tcp --sport 53 -j ACCEPT"),
    healthy("-p tcp -m multiport --sports 0:1023 -j ACCEPT"),
    unhealthy("-p tcp -m multiport ! --sports 0:1023 -j ACCEPT"),
    unhealthy("-m addrtype --src-type UNICAST -j ACCEPT"),
    healthy("-m addrtype --src-type LOCAL -j ACCEPT"),
    unhealthy("-m addrtype --dst-type LOCAL --limit-iface-in -j ACCEPT"),
    healthy("-m addrtype ! --dst-type LOCAL --limit-iface-in -j ACCEPT"),
    unhealthy("-m conntrack --ctstate NEW --ctdir ORIGINAL -j ACCEPT"),
    unhealthy(`-m conntrack --ctorigdst ${VIP} -j ACCEPT`),
    healthy("-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"),
    healthy("-p icmp -m icmp --icmp-type 8 -j ACCEPT"),
    healthy("-f -j ACCEPT"),
    // matches that nobody can decide from here
    ...[
      "-m ttl --ttl-gt 10",
      "-m length --length 40:60",
      "-m dscp --dscp 0x00",
      '-m bpf --bytecode "1,6 0 0 1"',
      "-m statistic --mode random --probability 0.5",
      "-m time --timestart 08:00:00",
      "-m limit --limit 5/min",
      '-m string --string "x" --algo bm --to 65535',
      "-m set --match-set allow dst",
      "-m unheard --of",
      "-p tcp -m tcp --sport 2000:40000",
    ].flatMap((match) => [
      unknown(`${match} -j ACCEPT`),
      healthy(`${match} -j LOG`),
      healthy(`${match} -j CHAIN`),
    ]),
    // sources
    healthy("-s 198.51.100.0/24 -j ACCEPT"),
    unhealthy("! -s 198.51.100.0/24 -j ACCEPT"),
    unhealthy("-s 198.51.100.0/24 -j RETURN", "-j ACCEPT"),
    unhealthy("-s 0.0.0.0/1 -j ACCEPT", "-s 128.0.0.0/1 -j ACCEPT"),
    healthy("-s 0.0.0.0/2 -j ACCEPT", "-s 64.0.0.0/3 -j ACCEPT"),
    healthy("-m iprange --src-range 198.51.100.1-198.51.100.9 -j ACCEPT"),
    unhealthy("-m iprange ! --src-range 198.51.100.1-198.51.100.9 -j ACCEPT"),
    healthy("-m set --match-set block src -j ACCEPT"),
    unhealthy("-m set ! --match-set allow src -j ACCEPT"),
    unhealthy("-m set --match-set allow src -j RETURN", "-j ACCEPT"),
    healthy("-m mac --mac-source 02:00:00:00:00:01 -j ACCEPT"),
    healthy("-s 192.0.0.9/255.0.0.255 -j ACCEPT"),
    // what cannot be read
    unknown("-p tcp -j DNAT [unsupported revision]"),
    unknown("-m foo [unsupported revision] -j ACCEPT"),
    unknown("-p tcp -j UNHEARD"),
    healthy("-p udp -j DNAT [unsupported revision]"),
    healthy("-i eth1 -p tcp -j DNAT [unsupported revision]"),
    healthy("-p tcp -m tcp --dport 81 -j DNAT [unsupported revision]"),
  ])("$rules: $is", ({ rules, is }) => {
    expect(judge(before(...rules)).verdict).toBe(is);
  });

  it("is followed through the chains of Shorewall", () => {
    const shorewall = (link: string) => [
      "-A PREROUTING -j dnat",
      `-A dnat -i ${link} -j net_dnat`,
      "-A net_dnat -p tcp -m multiport --dports 80,443 -j DNAT --to-destination 10.0.0.5",
      HOOK,
      P80,
    ];

    expect(judge(shorewall("eth0"))).toEqual({
      verdict: "unhealthy",
      reason: "chain-not-hooked",
      detail: `decided by ${shorewall("eth0")[2]}`,
    });
    expect(judge(shorewall("eth1")).verdict).toBe("healthy");
  });
});

it.each(["br0", "vmbr0", "wan", "lan0", "wg0", "venet0"])(
  "knows %s as the uplink when it is told",
  (uplink) => {
    const taken = before(`-i ${uplink} -p tcp -j ACCEPT`);
    const hooked = [`-A PREROUTING ! -i ${uplink} -j CATTLE_PREROUTING`, P80];

    expect(judge(taken, { interface: uplink }).verdict).toBe("unhealthy");
    expect(judge(taken, { interface: "docker0" }).verdict).toBe("healthy");
    expect(judge(hooked, { interface: uplink }).verdict).toBe("unhealthy");
    expect(judge(hooked, { interface: "eth9" }).verdict).toBe("healthy");
  },
);

describe("without a known interface", () => {
  it("a rule that names one is in doubt, and the bridge that Rancher names is another one", () => {
    const nowhere = { interface: undefined };

    expect(judge(before("-i eth0 -j ACCEPT"), nowhere)).toMatchObject({
      verdict: "unknown",
      detail: "it depends on -A PREROUTING -i eth0 -j ACCEPT",
    });
    expect(judge([HOOK, P80.replace("-p tcp", "! -i docker0 -p tcp")], nowhere).verdict).toBe("healthy");
  });
});

describe("the hook", () => {
  const hooked = (match: string) => [`-A PREROUTING ${match} -j CATTLE_PREROUTING`, P80, P443];
  it.each([
    "! -i docker0 -m addrtype --dst-type LOCAL",
    `-d ${VIP}/32`,
    "-p tcp",
    "-p tcp -m multiport --dports 80,443",
    "-m conntrack --ctstate NEW",
    "-i eth0",
    "-m mark ! --mark 0x1",
    "-m set ! --match-set block src",
    "! -s 10.42.0.0/16",
  ])("is one with %s", (match) => {
    expect(judge(hooked(match))).toMatchObject({ verdict: "healthy", detail: "10.42.1.2:80" });
  });

  it.each([
    "-i docker0",
    "-d 192.168.10.11/32",
    "-p udp",
    "-p tcp -m multiport --dports 443,8080",
    "-m conntrack --ctstate ESTABLISHED",
    "-m mark --mark 0x1",
    "-m addrtype --dst-type BROADCAST",
  ])("is none with %s, and is named", (match) => {
    expect(judge(hooked(match))).toEqual({
      verdict: "unhealthy",
      reason: "chain-not-hooked",
      detail: `only by -A PREROUTING ${match} -j CATTLE_PREROUTING`,
    });
  });

  it("says for whom it is one", () => {
    const jump = "-A PREROUTING -s 203.0.113.0/24 -j CATTLE_PREROUTING";

    expect(judge([jump, P80])).toEqual({
      verdict: "unhealthy",
      reason: "chain-not-hooked",
      detail: `only by ${jump}`,
      exceptions: [`clients of 203.0.113.0/24: ${P80}`],
    });
  });

  it("is one through a chain that lets some clients in", () => {
    const whitelist = (...rules: string[]) => [
      "-A PREROUTING -j CHAIN",
      ...rules.map((rule) => `-A CHAIN ${rule}`),
      P80,
    ];

    expect(judge(whitelist("-s 198.51.100.0/24 -j RETURN", "-j CATTLE_PREROUTING"))).toMatchObject({
      verdict: "healthy",
      exceptions: ["clients of 198.51.100.0/24"],
    });
    expect(judge(whitelist("-s 198.51.100.0/24 -j CATTLE_PREROUTING")).verdict).toBe("unhealthy");
    expect(judge(whitelist("-m set --match-set allow src -j CATTLE_PREROUTING"))).toMatchObject({
      verdict: "unhealthy",
      exceptions: [`a few clients: ${P80}`],
    });
  });
});

describe("in Rancher's chain", () => {
  const inside = (...rules: string[]) => [HOOK, ...rules.map((rule) => `-A CATTLE_PREROUTING ${rule}`)];
  const dnat = "-p tcp -m tcp --dport 80 -j DNAT --to-destination 10.42.1.2:80";

  it.each(["-m statistic --mode random --probability 0.5", "-m time --timestart 08:00:00"])(
    "a translation for some by %s is in doubt, and one for all the others makes it whole",
    (match) => {
      const rule = `${match} ${dnat}`;

      expect(judge(inside(rule))).toMatchObject({ verdict: "unknown", reason: "port-not-published" });
      expect(judge(inside(rule, dnat)).verdict).toBe("healthy");
    },
  );

  it("a rule that cannot be read is in doubt, and is named", () => {
    const unread = "-p tcp -j DNAT [unsupported revision]";

    expect(judge(inside(unread))).toEqual({
      verdict: "unknown",
      reason: "port-not-published",
      detail: `cannot be read: -A CATTLE_PREROUTING ${unread}`,
    });
    expect(judge(inside(dnat, unread)).verdict).toBe("healthy");
    expect(judge(inside(unread.replace("tcp", "udp"), dnat)).verdict).toBe("healthy");
  });

  it("two halves of all clients have two targets", () => {
    const halves = inside(`-s 0.0.0.0/1 ${dnat}`, `-s 128.0.0.0/1 ${dnat.replace("1.2", "1.3")}`);

    expect(judge(halves).verdict).toBe("healthy");
  });
});
