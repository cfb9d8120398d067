/** Whether clients reach the program behind a published port: what the probe says is what a real client meets. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DNS, HTTP, HTTP6, openTargetLab, type Prober, type TargetLab } from "./target-lab.ts";

const PATIENCE = { interval: 100 };
const says = async (prober: Prober) => {
  const { sample, reason } = await prober.probe();
  return `${sample} ${reason.split(" (", 1)[0]}`;
};
const WELL = "healthy 80/tcp: target-accepts";

describe.each(["nft", "legacy"] as const)("with rules of iptables-%s", (backend) => {
  let lab: TargetLab;
  let prober: Prober;
  beforeAll(async () => {
    lab = await openTargetLab(backend);
    await lab.startServer();
    prober = await lab.startProber([HTTP]);
  });
  afterAll(() => lab.remove());

  interface Fault {
    readonly what: string;
    readonly is: string;
    readonly begin: () => Promise<unknown>;
    readonly mend: () => Promise<unknown>;
  }
  const faults: Fault[] = [
    {
      what: "forwarding is off",
      is: "unhealthy 80/tcp: forwarding-off",
      begin: () => lab.onHost("sysctl", "-qw", "net.ipv4.ip_forward=0"),
      mend: () => lab.onHost("sysctl", "-qw", "net.ipv4.ip_forward=1"),
    },
    {
      what: "FORWARD drops",
      is: "unhealthy 80/tcp: forward-dropped",
      begin: () => lab.onHost(`iptables-${backend}`, "-P", "FORWARD", "DROP"),
      mend: async () => {
        await lab.onHost(`iptables-${backend}`, "-A", "FORWARD", "-o", "docker0", "-j", "ACCEPT");
        await lab.onHost(`iptables-${backend}`, "-A", "FORWARD", "-i", "docker0", "-j", "ACCEPT");
      },
    },
    {
      what: "FORWARD drops the answers",
      is: "unhealthy 80/tcp: forward-dropped",
      begin: () => lab.onHost(`iptables-${backend}`, "-D", "FORWARD", "2"),
      mend: () => lab.onHost(`iptables-${backend}`, "-A", "FORWARD", "-i", "docker0", "-j", "ACCEPT"),
    },
    {
      what: "a forward chain of nft's own drops",
      is: "unhealthy 80/tcp: forward-dropped",
      begin: async () => {
        await lab.onHost("nft", "add", "table", "inet", "own");
        const hook = "{ type filter hook forward priority 10; policy drop; }";
        await lab.onHost("nft", "add", "chain", "inet", "own", "passing", hook);
        await lab.onHost("nft", "add", "rule", "inet", "own", "passing", "tcp", "dport", "81", "accept");
      },
      mend: () =>
        lab.onHost("nft", "add", "rule", "inet", "own", "passing", "ct", "status", "dnat", "accept"),
    },
    {
      what: "the route is gone",
      is: "unhealthy 80/tcp: no-route",
      begin: () => lab.onHost("ip", "route", "del", "10.42.1.0/24", "dev", "docker0"),
      mend: () => lab.onHost("ip", "route", "add", "10.42.1.0/24", "dev", "docker0"),
    },
    {
      what: "the program is gone",
      is: "unhealthy 80/tcp: target-failed",
      begin: () => lab.endServer(),
      mend: () => lab.startServer(),
    },
  ];
  // only the filter table differs by the backend
  const differing = faults.filter(({ what }) => backend === "nft" || what === "FORWARD drops");
  it.each(differing)("finds that $what, and that it is mended", async ({ is, begin, mend }) => {
    await expect.poll(() => says(prober), PATIENCE).toBe(WELL);
    await expect.poll(() => lab.clientGetsThrough()).toBe(true);

    await begin();
    await expect.poll(() => says(prober), PATIENCE).toBe(is);
    expect(await lab.clientGetsThrough()).toBe(false);

    await mend();
    await expect.poll(() => says(prober), PATIENCE).toBe(WELL);
    await expect.poll(() => lab.clientGetsThrough()).toBe(true);
  });
});

it("a rule of nft for other ports, which iptables saves as one for every port, takes nothing from the host", async () => {
  const lab = await openTargetLab("nft");
  try {
    await lab.startServer();
    const prober = await lab.startProber([HTTP]);
    await expect.poll(() => says(prober), PATIENCE).toBe(WELL);
    // the rules are read beside the first probe, and only what was open before counts
    await sleep(500);
    await says(prober);

    await lab.onHost("nft", "insert", "rule", "ip", "filter", "FORWARD", "tcp dport { 22, 23 } drop");
    for (const untilMs = performance.now() + 1_500; performance.now() < untilMs; await sleep(50)) {
      expect(await says(prober)).not.toContain("forward-dropped");
    }
    await expect.poll(() => lab.clientGetsThrough()).toBe(true);
  } finally {
    await lab.remove();
  }
});

it.each([
  {
    what: "forwarding of IPv6 is off",
    is: "forwarding-off",
    begin: ["sysctl", "-qw", "net.ipv6.conf.all.forwarding=0"],
  },
  {
    what: "FORWARD of ip6tables drops",
    is: "forward-dropped",
    begin: ["ip6tables-legacy", "-P", "FORWARD", "DROP"],
  },
])("finds for an IPv6 VIP that $what", async ({ is, begin }) => {
  const lab = await openTargetLab("legacy");
  try {
    await lab.startServer();
    const prober = await lab.startProber([HTTP6]);
    await expect.poll(() => says(prober), PATIENCE).toBe(WELL);
    await expect.poll(() => lab.clientGetsThrough(HTTP6.address), PATIENCE).toBe(true);
    await lab.onHost(...begin);
    expect(await lab.clientGetsThrough(HTTP6.address)).toBe(false);
    await expect.poll(() => says(prober), PATIENCE).toBe(`unhealthy 80/tcp: ${is}`);
  } finally {
    await lab.remove();
  }
});

describe("an agent that starts", () => {
  let lab: TargetLab;
  beforeAll(async () => {
    lab = await openTargetLab("nft");
  });
  afterAll(() => lab.remove());

  it("holds a program against the host only once it has accepted a connection", async () => {
    const prober = await lab.startProber([HTTP]);
    await expect.poll(() => says(prober), PATIENCE).toBe("healthy 80/tcp: target-never-accepted");

    await lab.startServer();
    await expect.poll(() => says(prober), PATIENCE).toBe(WELL);

    await lab.endServer();
    await expect.poll(() => says(prober), PATIENCE).toBe("unhealthy 80/tcp: target-failed");
  });

  it("finds a dropped UDP packet, too, to which nobody can connect", async () => {
    const prober = await lab.startProber([DNS]);
    await expect.poll(() => says(prober), PATIENCE).toBe("healthy 80/udp: target-reachable");
    // the rules are read beside the first probe, and only what was open before counts
    await sleep(3_000);
    await expect.poll(() => says(prober), PATIENCE).toBe("healthy 80/udp: target-reachable");

    await lab.onHost("iptables-nft", "-P", "FORWARD", "DROP");
    await expect.poll(() => says(prober), PATIENCE).toBe("unhealthy 80/udp: forward-dropped");
  });

  it("finds the rule gone, and leaves that to the check of the ports", async () => {
    const prober = await lab.startProber([HTTP]);
    await lab.onHost("iptables-nft", "-t", "nat", "-F", "CATTLE_PREROUTING");

    await expect.poll(() => says(prober), PATIENCE).toBe("healthy no-target");
  });
});
