/** Rules of other programs before, around and in Rancher's chain: each kind with a case that takes the clients away and one that does not. */
import { describe, expect, it } from "vitest";
import { parseTable } from "../../src/iptables/table.ts";
import { judgePort, type PortFinding, type PortQuestion } from "../../src/ports/published-port.ts";
import { HOOK, saveOf } from "../fixtures/nat-saves.ts";
import { beforeHook, CHAINS, HOOKS, hooked, NO_HOOKS, P80, RULES_BEFORE_HOOK, VIP } from "./foreign-rules.ts";

function judge(lines: readonly string[], question: Partial<PortQuestion> = {}): PortFinding {
  const table = parseTable(saveOf(lines, CHAINS), "nat");
  if (!("chains" in table)) throw new Error(table.problem);
  return judgePort(table, { protocol: "tcp", port: 80, address: VIP, interface: "eth0", ...question });
}

describe("a rule in front of Rancher's hook", () => {
  it.each(RULES_BEFORE_HOOK)("$rules: $is", ({ rules, is }) => {
    expect(judge(beforeHook(...rules)).verdict).toBe(is);
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
    const taken = beforeHook(`-i ${uplink} -p tcp -j ACCEPT`);
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

    expect(judge(beforeHook("-i eth0 -j ACCEPT"), nowhere)).toMatchObject({
      verdict: "unknown",
      detail: "it depends on -A PREROUTING -i eth0 -j ACCEPT",
    });
    expect(judge([HOOK, P80.replace("-p tcp", "! -i docker0 -p tcp")], nowhere).verdict).toBe("healthy");
  });
});

describe("the hook", () => {
  it.each(HOOKS)("is one with %s", (match) => {
    expect(judge(hooked(match))).toMatchObject({ verdict: "healthy", detail: "10.42.1.2:80" });
  });

  it.each(NO_HOOKS)("is none with %s, and is named", (match) => {
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

describe("thousands of rules for an address each", () => {
  const addresses = Array.from({ length: 2_000 }, (_, at) => `203.${at >> 8}.${at & 255}.7/32`);

  // without a search for the ranges concerned this takes minutes
  it.each(["-j ACCEPT", "-j RETURN", "-m limit --limit 5/min -j ACCEPT"])("are followed: %s", (target) => {
    const finding = judge(beforeHook(...addresses.map((address) => `-s ${address} ${target}`)));

    expect(finding.verdict).toBe("healthy");
    expect(finding.exceptions).toHaveLength(9);
    expect(finding.exceptions?.at(-1)).toBe("other clients, by 1992 more rules");
  });

  it("are not followed where each sets a mark of its own, and nobody can say", () => {
    const rules = addresses.map((address, at) => `-s ${address} -j MARK --set-xmark ${at + 1}/0xffffffff`);

    expect(judge(beforeHook(...rules)).verdict).toBe("unknown");
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

describe("any address", () => {
  const any = { address: "any" };
  const HOST = "192.168.10.11";

  it("is one that other programs leave to Rancher, whatever they take of other addresses", () => {
    const external = `-d ${VIP}/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.5:80`;

    expect(judge(beforeHook(external), any).verdict).toBe("healthy");
    expect(judge(beforeHook(external)).verdict).toBe("unhealthy");
    expect(judge(beforeHook(`! ${external}`, external), any)).toMatchObject({
      verdict: "unhealthy",
      reason: "chain-not-hooked",
    });
    expect(judge(beforeHook("-d 10.43.0.10/32 -m limit --limit 5/min -j ACCEPT"), any).verdict).toBe(
      "healthy",
    );
  });

  it("is one that the hook and the rule have in common", () => {
    const hook = (address: string) => `-A PREROUTING -d ${address} -j CATTLE_PREROUTING`;
    const bound = P80.replace("-p tcp", `-d ${HOST}/32 -p tcp`);

    expect(judge([hook(HOST), bound], any)).toMatchObject({ verdict: "healthy", detail: "10.42.1.2:80" });
    expect(judge([hook("192.168.10.0/24"), P80], any).verdict).toBe("healthy");
    expect(
      judge([`-A PREROUTING -m iprange --dst-range ${HOST}-${VIP} -j CATTLE_PREROUTING`, P80], any).verdict,
    ).toBe("healthy");
    expect(judge([hook(VIP), bound], any).verdict).toBe("unhealthy");
    expect(
      judge(
        ["-A PREROUTING -j CHAIN", `-A CHAIN -d ${HOST} -j RETURN`, "-A CHAIN -j CATTLE_PREROUTING", P80],
        any,
      ).verdict,
    ).toBe("healthy");
  });

  it("is found among the rules of thousands of ports", () => {
    const others = Array.from({ length: 5_000 }, (_, at) =>
      P80.replace("-p tcp", `-d 10.1.${at >> 8}.${at & 255}/32 -p tcp`).replace(
        "--dport 80",
        `--dport ${1000 + at}`,
      ),
    );

    expect(judge([HOOK, ...others, P80.replace("-p tcp", `-d ${HOST}/32 -p tcp`)], any).verdict).toBe(
      "healthy",
    );
  });
});

describe("rules as iptables wrote them before 1.4.3", () => {
  it.each([
    { rule: "-i ! eth0 -p tcp -j ACCEPT ", is: "healthy" },
    { rule: "-i ! docker0 -p tcp -j ACCEPT ", is: "unhealthy" },
    { rule: "-s ! 10.42.0.0/255.255.0.0 -j ACCEPT ", is: "unhealthy" },
    { rule: "-d ! 192.168.10.100/255.255.255.255 -j ACCEPT ", is: "healthy" },
    { rule: "-p ! tcp -j ACCEPT ", is: "healthy" },
    { rule: "-p tcp -m tcp --dport ! 443 -j ACCEPT ", is: "unhealthy" },
    { rule: "-p tcp -m tcp --tcp-flags ! SYN,RST,ACK SYN -j ACCEPT ", is: "healthy" },
    { rule: "-m set --match-set ! allow src -j ACCEPT ", is: "unhealthy" },
    { rule: "-f ! -i eth0 -j ACCEPT ", is: "healthy" },
  ])("$rule: $is", ({ rule, is }) => {
    expect(judge(beforeHook(rule)).verdict).toBe(is);
  });
});
