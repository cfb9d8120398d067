/** keepalived and what it stands on, harmed in every way that is known: the VIP is with one host that works. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { isWell } from "../../../src/status/status.ts";
import type { Host } from "../lab/host.ts";
import { setLabel } from "../lab/metadata-changes.ts";
import { until } from "../lab/until.ts";
import { startAll, stateOf, statusOf, useLab, VIP } from "../scenario.ts";
import { type Course, CRASH_MS, courseOf, ownersSince, ready, SOON_MS } from "./course.ts";
import { OwnKeepalived } from "./own-keepalived.ts";
import { KEEPALIVED_PARTS, pidsOf, signalKeepalived, stopAgainAndAgain } from "./processes.ts";
import { SmallDisk } from "./small-disk.ts";

const used = useLab({ hosts: 2 });
const ENV = { PEER_REMOVAL_GRACE: "3" };

function expectCrashAtWorst({ gapMs, doubleMs, silenceMs }: Course): void {
  expect(gapMs).toBeLessThan(CRASH_MS);
  expect(doubleMs).toBeLessThan(CRASH_MS);
  expect(silenceMs).toBeLessThan(CRASH_MS);
}

function otherThan(host: Host): Host {
  return used.lab.hosts.find((candidate) => candidate !== host)!;
}

async function problemsOf(host: Host): Promise<string[]> {
  return (await statusOf(host))?.problems.map(({ code }) => code ?? "") ?? [];
}

async function untilProblem(host: Host, code: string): Promise<void> {
  await until(async () => (await problemsOf(host)).includes(code), SOON_MS, `${host.name} says ${code}`);
}

async function untilWell(host: Host): Promise<void> {
  await until(
    async () => {
      const status = await statusOf(host);
      return status !== undefined && isWell(status);
    },
    SOON_MS,
    `all is well on ${host.name}`,
  );
}

it.each(KEEPALIVED_PARTS)(
  "is missed for a crash's time at worst where the owner's %s is killed",
  async (part) => {
    const { lab } = used;
    if (part === "parent process") await startAll(lab, ENV);
    let killed: readonly number[] = [];
    const course = await courseOf(lab, `keepalived killed (${part})`, async (owner) => {
      killed = await signalKeepalived(owner, part, "SIGKILL");
    });

    expectCrashAtWorst(course);
    expect(await lab.holders(VIP)).toHaveLength(1);
    expect((await pidsOf(course.owner, "keepalived")).filter((pid) => killed.includes(pid))).toEqual([]);
  },
);

it.each(KEEPALIVED_PARTS)(
  "is continued before it is missed where the owner's %s is stopped",
  async (part) => {
    const course = await courseOf(used.lab, `keepalived stopped (${part})`, async (owner) => {
      const from = owner.agent.logPosition;
      await signalKeepalived(owner, part, "SIGSTOP");
      await owner.agent.awaitLog(({ msg }) => msg === "keepalived was stopped, and is continued", {
        from,
        timeoutMs: SOON_MS,
      });
    });

    expectCrashAtWorst(course);
  },
);

it("is ended by force, and its VIPs with it, where it stays stopped", async () => {
  const course = await courseOf(used.lab, "keepalived stopped for good", async (owner) => {
    const stopped = stopAgainAndAgain(owner);
    await until(async () => !(await owner.addresses()).includes(VIP), SOON_MS, "the VIP is off the host");
    await stopped;
  });

  expectCrashAtWorst(course);
});

it("releases the VIP in time where the agent ends while keepalived is stopped", async () => {
  const { lab } = used;
  const course = await courseOf(lab, "agent ended beside a stopped keepalived", async (owner) => {
    await signalKeepalived(owner, "whole keepalived", "SIGSTOP");
    const { code, wasKilled, durationMs } = await owner.stopAgent();

    expect({ code, wasKilled }).toEqual({ code: 0, wasKilled: false });
    expect(durationMs).toBeLessThan(5_000);
    expect(await owner.addresses()).not.toContain(VIP);
    await until(() => lab.owner(VIP), SOON_MS, "the other host has the VIP");
    await owner.startAgent(ENV);
  });

  expectCrashAtWorst(course);
});

it("starts anew beside pid files that name somebody else, who comes to no harm", async () => {
  let stranger = "";
  const course = await courseOf(used.lab, "pid files of somebody else", async (owner) => {
    const { container } = owner.agent;
    stranger = (await container.run(["sh", "-c", "sleep 300 >/dev/null 2>&1 & echo $!"])).trim();
    for (const name of ["keepalived.pid", "vrrp.pid"]) {
      writeFileSync(`${owner.stateFolder}/${name}`, `${stranger}\n`);
    }
    await signalKeepalived(owner, "whole keepalived", "SIGKILL");
  });

  expectCrashAtWorst(course);
  expect(await course.owner.agent.container.run(["cat", `/proc/${stranger}/comm`])).toBe("sleep");
});

it("is a backup again after all its files were deleted, and takes over as ever", async () => {
  const { lab } = used;
  const course = await courseOf(lab, "all of STATE_DIR deleted", async (owner) => {
    await owner.run(["sh", "-c", `rm -rf ${owner.stateFolder}/*`]);
    await until(async () => (await stateOf(owner)) === "BACKUP", SOON_MS, "the host backs up the other");
    await untilWell(owner);
    // keepalived's next start must find what it needs
    await signalKeepalived(owner, "whole keepalived", "SIGKILL");
  });
  const sinceMs = Date.now();
  await signalKeepalived(otherThan(course.owner), "whole keepalived", "SIGKILL");
  await until(async () => (await stateOf(course.owner)) === "MASTER", SOON_MS, "the host takes over");

  expectCrashAtWorst(course);
  expect(ownersSince(lab, sinceMs).doubleMs).toBeLessThan(CRASH_MS);
});

it("writes through no link that somebody planted where keepalived's dumps usually are", async () => {
  const { lab } = used;
  const [host] = lab.hosts as [Host];
  const temp = `${host.folder}/tmp`;
  const victim = `${host.folder}/victim`;
  mkdirSync(temp, { mode: 0o777 });
  writeFileSync(victim, "untouched\n");
  const names = ["keepalived.data", "keepalived_parent.data", "keepalived.stats", "keepalived.json"];
  for (const name of names) symlinkSync(victim, `${temp}/${name}`);
  await host.stopAgent();
  const agent = await host.startAgent({ ...ENV, TMPDIR: temp });
  await ready(lab);

  for (const signal of ["SIGUSR1", "SIGUSR2"] as const)
    await signalKeepalived(host, "parent process", signal);
  await agent.awaitLog(({ line }) => String(line).startsWith("Printing VRRP stats"), { timeoutMs: SOON_MS });

  await untilWell(host);
  expect(readFileSync(victim, "utf8")).toBe("untouched\n");
});

it.each([
  { what: "exits at once with 0", harm: (own: OwnKeepalived) => own.replace("exit 0") },
  { what: "refuses its configuration", harm: (own: OwnKeepalived) => own.replace("exit 2") },
  { what: "is gone", harm: (own: OwnKeepalived) => own.remove() },
])("leaves the VIP to others while it $what, says so, and comes back by itself", async ({ what, harm }) => {
  const { lab } = used;
  const [host] = lab.hosts as [Host];
  const own = await useOwnKeepalived(host);
  await giveVipTo(host);
  const course = await courseOf(lab, `keepalived killed, and the next one ${what}`, async (owner) => {
    expect(owner).toBe(host);
    harm(own);
    await signalKeepalived(owner, "whole keepalived", "SIGKILL");
    await until(
      async () => (await problemsOf(owner)).some((code) => code.startsWith("KEEPALIVED_")),
      SOON_MS,
      "the agent says so",
    );
    expect(await owner.addresses()).not.toContain(VIP);
    own.restore();
    await untilWell(owner);
  });

  expectCrashAtWorst(course);
});

let ownKeepalived: OwnKeepalived | undefined;

/** The agent is started once for all tests with it. */
async function useOwnKeepalived(host: Host): Promise<OwnKeepalived> {
  if (ownKeepalived === undefined) {
    ownKeepalived = new OwnKeepalived(host);
    await host.stopAgent();
    await host.startAgent({ ...ENV, PATH: ownKeepalived.folder });
  }
  await ready(used.lab);
  return ownKeepalived;
}

let smallDisk: SmallDisk | undefined;

/** The agent is started once for all tests with it; the host has the VIP when it resolves. */
async function useSmallDisk(host: Host): Promise<SmallDisk> {
  if (smallDisk === undefined) {
    await host.stopAgent();
    smallDisk = await SmallDisk.start(host, { ...ENV, CHECK_PORT: "80" });
  }
  await giveVipTo(host);
  return smallDisk;
}

/** Has the host own the VIP, and every keepalived ready to take it. */
async function giveVipTo(host: Host): Promise<void> {
  const { lab } = used;
  if ((await ready(lab)) !== host) {
    await signalKeepalived(otherThan(host), "whole keepalived", "SIGKILL");
    await until(async () => (await lab.owner(VIP)) === host, SOON_MS, `${host.name} has the VIP`);
  }
  await ready(lab);
}

const HTTP = { port: 80, protocol: "tcp" } as const;
const KILL = {
  event: "keepalived is killed",
  harm: (host: Host) => signalKeepalived(host, "whole keepalived", "SIGKILL"),
};
const UNPUBLISH = { event: "its ports are gone", harm: (host: Host) => host.publishPorts([]) };

it.each([
  { disk: "full", ...KILL },
  { disk: "read-only", ...KILL },
  { disk: "full", ...UNPUBLISH },
  { disk: "read-only", ...UNPUBLISH },
] as const)(
  "keeps what it has on a disk that is $disk, until $event: then it gives the VIP away",
  async (row) => {
    const { lab } = used;
    const [host] = lab.hosts as [Host];
    const disk = await useSmallDisk(host);
    const conf = await disk.conf();
    const setPriority = (value: string | undefined) =>
      lab.metadata.publish((document) =>
        setLabel(document, host.name, { name: "keepalived.priority", value }),
      );

    const course = await courseOf(lab, `disk ${row.disk}, then ${row.event}`, async () => {
      const sinceMs = Date.now();
      await (row.disk === "full" ? disk.fill() : disk.makeReadOnly());
      setPriority("210");
      await untilProblem(host, "CONF_UNWRITABLE");
      expect(await disk.conf()).toBe(conf);
      expect(ownersSince(lab, sinceMs)).toEqual({ gapMs: 0, doubleMs: 0, transitions: 0 });
      setPriority(undefined);

      await row.harm(host);
      await until(async () => (await lab.owner(VIP)) === otherThan(host), SOON_MS, "the other has the VIP");
      await (row.disk === "full" ? disk.free() : disk.makeWritable());
      await host.publishPorts([HTTP, { ...HTTP, protocol: "udp" }]);
      await untilWell(host);
    });

    expectCrashAtWorst(course);
  },
);
