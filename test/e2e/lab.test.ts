import { writeFileSync } from "node:fs";
import { describe, expect, it, onTestFinished } from "vitest";
import { createBareLab } from "./lab/bare-lab.ts";
import type { Host } from "./lab/host.ts";
import type { Lab, LabOptions } from "./lab/lab.ts";
import type { Cut } from "./lab/machine.ts";
import { requirements } from "./lab/requirements.ts";
import { beyondStalls } from "./lab/stall.ts";
import { DEFAULT_VIP as VIP } from "./lab/topology.ts";
import { until } from "./lab/until.ts";

const missing = requirements();
const { CI } = process.env;
if (missing !== undefined && CI !== undefined) throw new Error(missing);

async function newLab(options: Partial<LabOptions> = {}): Promise<Lab> {
  const lab = await createBareLab(options);
  onTestFinished(() => lab.destroy());
  return lab;
}

async function takeVip(host: Host): Promise<void> {
  await host.run(["ip", "address", "add", `${VIP}/32`, "dev", "eth0"]);
}

/**
 * keepalived by hand, in a container: what the agent is there to do. Without a router_id it would look the host's name
 * up in the DNS, which no lab host can reach, and start only after the resolver's time-outs.
 */
async function startKeepalived(lab: Lab, host: Host, priority: number): Promise<void> {
  const peers = lab.hosts.filter((other) => other !== host).map((other) => other.address);
  const conf = `
    global_defs {
      router_id ${host.name}
      vrrp_version 3
      script_user root
      enable_script_security
    }
    vrrp_instance main {
      state BACKUP
      nopreempt
      interface eth0
      virtual_router_id 100
      priority ${priority}
      advert_int 0.2
      unicast_src_ip ${host.address}
      unicast_peer {
        ${peers.join("\n")}
      }
      virtual_ipaddress {
        ${VIP}/32 dev eth0
      }
    }
  `;
  writeFileSync(host.confFile, conf);
  const pidFiles = ["-p", "/run/keepalived.pid", "-r", "/run/vrrp.pid"];
  await host.startContainer(["keepalived", "-n", "-l", "-D", "-G", "-P", "-f", host.confFile, ...pidFiles]);
}

/** All hosts run keepalived, and one of them holds the VIP. */
async function startCluster(lab: Lab): Promise<{ owner: Host; others: Host[] }> {
  await Promise.all(lab.hosts.map((host, index) => startKeepalived(lab, host, 250 - 10 * index)));
  const owner = await until(() => lab.owner(VIP), 120_000, "one host holds the VIP");
  return { owner, others: lab.hosts.filter((host) => host !== owner) };
}

describe.skipIf(missing !== undefined)(`the lab ${missing ?? ""}`, () => {
  it.each(["nft", "legacy"] as const)(
    "leads from the client through the VIP's host and its %s rules, and only through them",
    async (backend) => {
      const lab = await newLab({ backend });
      const host = lab.host("h2");
      await takeVip(host);
      const prober = lab.probe(VIP, { timeoutMs: 200 });
      await prober.awaitAnswer("h2");

      await host.publishPorts([]);
      const emptiedMs = Date.now();
      await until(() => prober.report({ sinceMs: emptiedMs }).lost >= 10, 120_000, "probes are lost");
      await host.publishPorts([{ port: 80, protocol: "udp" }]);
      await prober.awaitAnswer("h2");
      const report = await prober.stop({ sinceMs: emptiedMs });

      expect(Object.keys(report.answersBy)).toEqual(["h2"]);
      expect(report.longestSilenceMs).toBeGreaterThanOrEqual(10 * 5);
    },
  );

  it("answers every question where nothing fails", async () => {
    const lab = await newLab();
    await takeVip(lab.host("h1"));
    const prober = lab.probe(VIP, { timeoutMs: 15_000 });

    await until(() => prober.report().sent >= 300, 120_000, "300 probes were sent");
    const report = await prober.stop();

    expect(report).toMatchObject({ lost: 0, answersBy: { h1: report.sent } });
  });

  it("serves from a host that is added while it runs, and records what that host holds", async () => {
    const lab = await newLab({ hosts: 1 });

    const host = await lab.addHost();
    await takeVip(host);
    await lab.probe(VIP).awaitAnswer("h2");

    expect((await lab.owner(VIP))?.name).toBe("h2");
    expect(lab.ownership.tenures(VIP)).toMatchObject([{ host: "h2" }]);
  });

  it.each<{ cut: Cut; hostSees: string }>([
    { cut: "host", hostSees: "DOWN" },
    { cut: "switch", hostSees: "DOWN" },
    { cut: "wire", hostSees: "UP" },
  ])(
    "loses a host by a cable cut at the $cut, which that host sees as $hostSees",
    async ({ cut, hostSees }) => {
      const lab = await newLab();
      const host = lab.host("h1");
      await takeVip(host);
      const prober = lab.probe(VIP, { timeoutMs: 200 });
      await prober.awaitAnswer("h1");

      await host.setLink("down", cut);
      const cutMs = Date.now();
      await until(() => prober.report({ sinceMs: cutMs }).lost >= 10, 120_000, "probes are lost");
      const [link] = JSON.parse(await host.run(["ip", "-json", "link", "show", "eth0"])) as {
        operstate: string;
      }[];
      await host.setLink("up", cut);
      await prober.awaitAnswer("h1");

      expect(link?.operstate).toBe(hostSees);
      expect(await host.run(["ip", "route", "show", "default"])).toContain("198.51.100.1");
    },
  );

  it("sees a planned failover, from the client and from the hosts", async ({ annotate }) => {
    const lab = await newLab({ hosts: 3 });
    const { owner } = await startCluster(lab);
    const prober = lab.probe(VIP);
    await prober.awaitAnswer(owner.name);

    const markMs = Date.now();
    const { code, durationMs } = await owner.stopAgent();
    const heir = await until(() => lab.owner(VIP), 120_000, "another host holds the VIP");
    await prober.awaitAnswer(heir.name);
    const report = await prober.stop();

    const { sent, lost, longestSilenceMs, slowestAnswerMs } = report;
    const vacancyMs = lab.ownership.vacancy(VIP, markMs);
    await annotate(JSON.stringify({ sent, lost, longestSilenceMs, slowestAnswerMs, vacancyMs, durationMs }));
    expect(report.turns.map((turn) => turn.host)).toEqual([owner.name, heir.name]);
    expect(beyondStalls(longestSilenceMs, report)).toBeLessThan(3_000);
    expect(vacancyMs).toBeGreaterThan(0);
    expect(code).toBe(0);
    expect(lab.ownership.transitions(VIP, markMs)).toBe(1);
    expect(beyondStalls(lab.ownership.doubleOwnership(VIP), report)).toBeLessThan(1_000);
  });

  it("sees two owners where a killed container leaves its VIP behind", async () => {
    const lab = await newLab();
    const { owner, others } = await startCluster(lab);

    await owner.killContainer();
    await until(async () => (await lab.holders(VIP)).length === 2, 120_000, "both hosts hold the VIP");
    const ownerMeanwhile = await lab.owner(VIP);
    await owner.run(["ip", "address", "delete", `${VIP}/32`, "dev", "eth0"]);
    const ownerAfterwards = await until(() => lab.owner(VIP), 120_000, "one host holds the VIP");
    await until(() => Number.isFinite(lab.ownership.tenures(VIP)[0]?.toMs), 120_000, "the loss is recorded");

    const [first, second] = lab.ownership.tenures(VIP);
    expect(ownerMeanwhile).toBeUndefined();
    expect(ownerAfterwards.name).toBe(others[0]?.name);
    expect(lab.ownership.doubleOwnership(VIP)).toBe(first!.toMs - second!.fromMs);
  });
});
