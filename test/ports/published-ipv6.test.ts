import { describe, expect, it } from "vitest";
import type { NatReads, TableRead } from "../../src/iptables/table-read.ts";
import { isNotJudged, judgePortsInDetail } from "../../src/ports/published-ports.ts";
import { hookedSave, saveOf } from "../fixtures/nat-saves.ts";

const VIP = "2001:db8::100";
const HTTP = { protocol: "tcp", port: 80, address: VIP, interface: "eth0" } as const;
const IPV4_DNAT = "-p tcp -m tcp --dport 80 -j DNAT --to-destination 10.42.1.2:80";
const DNAT = "-p tcp -m tcp --dport 80 -j DNAT --to-destination [fd00::2]:8080";

const absent: TableRead = { kind: "absent" };
const table = (text: string): TableRead => ({ kind: "table", text });
const readsOf = (nft: TableRead, legacy: TableRead = absent): NatReads => ({ nft, legacy });
const failed = (reason: "timeout" | "iptables-unusable"): TableRead => ({ kind: "error", reason });

/** A save of ip6tables, as Docker leaves one. */
const ip6 = (...lines: readonly string[]) => {
  return table(["*nat", ":PREROUTING ACCEPT [0:0]", ":DOCKER - [0:0]", ...lines, "COMMIT", ""].join("\n"));
};
const DOCKER_HOOK = "-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER";
const PUBLISHED_BY_RANCHER = readsOf(table(hookedSave(IPV4_DNAT)));

const judge = (ipv6: TableRead, ipv4 = PUBLISHED_BY_RANCHER) =>
  judgePortsInDetail(ipv4, [HTTP], readsOf(ipv6));

describe("an IPv6 address is published by ip6tables, in whatever chain:", () => {
  it.each([
    { what: "Docker's", lines: [DOCKER_HOOK, `-A DOCKER ! -i docker0 ${DNAT}`] },
    {
      what: "Docker's but for link-local clients",
      lines: [DOCKER_HOOK, `-A DOCKER ! -s fe80::/10 ! -i docker0 ${DNAT}`],
    },
    { what: "the administrator's", lines: [`-A PREROUTING -d ${VIP}/128 -i eth0 ${DNAT}`] },
    { what: "a REDIRECT", lines: ["-A PREROUTING -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080"] },
    {
      what: "behind a chain that returns",
      lines: [":X - [0:0]", "-A PREROUTING -j X", "-A X -j RETURN", `-A PREROUTING ${DNAT}`],
    },
    {
      what: "behind a chain of Rancher's that returns",
      lines: [
        ":CATTLE_PREROUTING - [0:0]",
        "-A PREROUTING -j CATTLE_PREROUTING",
        "-A CATTLE_PREROUTING -j RETURN",
        `-A PREROUTING ${DNAT}`,
      ],
    },
  ])("$what", ({ lines }) => {
    expect(judge(ip6(...lines))).toMatchObject({ verdict: "healthy", reason: "dnat" });
  });

  it("of either backend", () => {
    const legacy = ip6(`-A PREROUTING ${DNAT}`);

    expect(judgePortsInDetail(PUBLISHED_BY_RANCHER, [HTTP], readsOf(ip6(), legacy)).verdict).toBe("healthy");
    expect(judgePortsInDetail(PUBLISHED_BY_RANCHER, [HTTP], readsOf(failed("timeout"), legacy)).verdict).toBe(
      "healthy",
    );
  });
});

describe("an IPv6 address is not published where a rule for the port is not met:", () => {
  it.each([
    {
      what: "another address",
      lines: [DOCKER_HOOK, `-A DOCKER -d 2001:db8::7/128 ${DNAT}`],
      is: "published-on-other-address",
    },
    { what: "no hook", lines: [`-A DOCKER ${DNAT}`], is: "chain-not-hooked" },
    {
      what: "another interface",
      lines: [DOCKER_HOOK, `-A DOCKER -i eth1 ${DNAT}`],
      is: undefined, // a rule that no client of the VIP can meet is no rule for the port
    },
    {
      what: "taken before",
      lines: ["-A PREROUTING -i eth0 -p tcp -j ACCEPT", `-A PREROUTING ${DNAT}`],
      is: "chain-not-hooked",
    },
    {
      what: "for a small part of the clients",
      lines: [`-A PREROUTING -s 2001:db8:5::/48 ${DNAT}`],
      is: "chain-not-hooked",
    },
    {
      what: "Rancher's chain without a rule",
      lines: [":CATTLE_PREROUTING - [0:0]", "-A PREROUTING -j CATTLE_PREROUTING"],
      is: "port-not-published",
    },
  ])("$what", ({ lines, is }) => {
    const { verdict, reason } = judge(ip6(...lines));

    expect([verdict, reason]).toEqual(is === undefined ? ["unknown", "ipv6-not-judged"] : ["unhealthy", is]);
  });
});

describe("where ip6tables has no rule for the port, nothing is known of an IPv6 address:", () => {
  it.each([
    { what: "no table", ipv6: absent },
    {
      what: "Docker's chain for another port",
      ipv6: ip6(DOCKER_HOOK, `-A DOCKER ${DNAT.replace("80", "81")}`),
    },
    { what: "a rule for udp", ipv6: ip6(`-A PREROUTING ${DNAT.replaceAll("tcp", "udp")}`) },
    { what: "an ACCEPT", ipv6: ip6("-A PREROUTING -j ACCEPT") },
    {
      what: "a service of kube-proxy",
      ipv6: ip6(
        ":KUBE-SEP - [0:0]",
        "-A PREROUTING -d fd00:10::a/128 -p tcp -m tcp --dport 80 -j KUBE-SEP",
        "-A KUBE-SEP -p tcp -m tcp -j DNAT --to-destination [fd00::5]:80",
      ),
    },
    {
      what: "another address that is translated as a whole",
      ipv6: ip6("-A PREROUTING -d 2001:db8::7/128 -j DNAT --to-destination fd00::5"),
    },
    { what: "a rule for what this host sends", ipv6: ip6(`-A OUTPUT ${DNAT}`) },
  ])("$what", ({ ipv6 }) => {
    const judged = judge(ipv6);

    expect(judged).toMatchObject({ verdict: "unknown", reason: "ipv6-not-judged" });
    expect(judged.detail).toMatch(/cannot judge 2001:db8::100.*CHECK_TCP/);
    expect(isNotJudged(judged)).toBe(true);
  });

  it("unless Rancher's chain publishes it for no address of IPv4 either", () => {
    const judged = judge(absent, readsOf(table(hookedSave())));

    expect(judged).toMatchObject({ verdict: "unhealthy", reason: "port-not-published" });
    expect(judged.detail).toContain("not by ip6tables, nor by Rancher for IPv4");
    expect(judge(absent, readsOf(table(saveOf([])))).verdict).toBe("unhealthy");
  });

  it("and IPv4 without Rancher's chain says nothing either", () => {
    expect(judge(absent, readsOf(absent)).reason).toBe("ipv6-not-judged");
    expect(judge(absent, readsOf(failed("iptables-unusable"))).reason).toBe("ipv6-not-judged");
  });
});

it("rules that cannot be read make the verdict unknown, which is no verdict of its own", () => {
  const unread = ip6("-A PREROUTING -p tcp -j DNAT [unsupported revision]");
  for (const judged of [
    judge(failed("iptables-unusable")),
    judge(failed("timeout")),
    judge(absent, readsOf(failed("timeout"))),
    judge(unread),
  ]) {
    expect(judged.verdict).toBe("unknown");
    expect(isNotJudged(judged)).toBe(false);
  }
  expect(judge(unread).unreadableRules).toEqual(["-A PREROUTING -p tcp -j DNAT [unsupported revision]"]);
});

it("does not know whether a table beside the one that publishes the port drops the packet first", () => {
  const judgeBeside = (port: number) => {
    const dropping = ip6(`-A PREROUTING -p tcp -m tcp --dport ${port} -j DROP`);
    return judgePortsInDetail(PUBLISHED_BY_RANCHER, [HTTP], readsOf(ip6(`-A PREROUTING ${DNAT}`), dropping));
  };

  expect(judgeBeside(80)).toMatchObject({
    verdict: "unknown",
    detail: "rules beside this table may come first: -A PREROUTING -p tcp -m tcp --dport 80 -j DROP",
  });
  expect(judgeBeside(81).verdict).toBe("healthy");
});

it("says of what is published that it is for IPv4", () => {
  expect(judge(absent).published).toEqual(["80/tcp -> 10.42.1.2:80 (IPv4)"]);
});

describe("a rule that nobody can read leaves a port published as read, with its target:", () => {
  const unread = "-A PREROUTING -m unheard --of x -j DROP";
  const published = ip6(`-A PREROUTING ${DNAT}`);
  const target = { kind: "host", address: "fd00::2", port: 8080 };
  const raw = ["*raw", ":PREROUTING ACCEPT [0:0]", unread, "COMMIT", ""].join("\n");

  it.each([
    { what: "in its table", ipv6: readsOf(ip6(unread, `-A PREROUTING ${DNAT}`)) },
    {
      what: "in an earlier table",
      ipv6: { ...readsOf(published), earlier: [{ name: "raw", priority: -300, text: raw }] } as const,
    },
    { what: "in a table beside it", ipv6: readsOf(published, ip6(unread)) },
  ])("$what", ({ ipv6 }) => {
    const judged = judgePortsInDetail(PUBLISHED_BY_RANCHER, [HTTP], ipv6);

    expect(judged).toMatchObject({ verdict: "unknown", ports: [{ isPublishedAsRead: true, target }] });
    expect(isNotJudged(judged)).toBe(true);
  });

  it("but not beside a rule that certainly drops all clients", () => {
    const dropping = ip6("-A PREROUTING -p tcp -j DROP");
    const judged = judgePortsInDetail(
      PUBLISHED_BY_RANCHER,
      [HTTP],
      readsOf(ip6(unread, `-A PREROUTING ${DNAT}`), dropping),
    );

    expect(judged.verdict).toBe("unknown");
    expect(isNotJudged(judged)).toBe(false);
  });
});
