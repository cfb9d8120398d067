/** keepalived and what it stands on, harmed in every way that is known: the VIP is with one host that works. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, it } from "vitest";
import { isWell } from "../../../src/status/status.ts";
import type { Host } from "../lab/host.ts";
import { setLabel } from "../lab/metadata-changes.ts";
import { until } from "../lab/until.ts";
import { settled, stateOf, statusOf, useLab, VIP } from "../scenario.ts";
import { type Course, CRASH_MS, courseOf, ownersSince, ready, SOON_MS } from "./course.ts";
import { OwnKeepalived } from "./own-keepalived.ts";
import { KEEPALIVED_PARTS, pidsOf, signalKeepalived, stopAgainAndAgain } from "./processes.ts";
import { SmallDisk } from "./small-disk.ts";

/** Of three hosts, one is a backup that is past its startup delay, whichever was harmed last. */
const used = useLab({ hosts: 3 });
/** The agent looks every 0.25 s whether keepalived is stopped. */
const TWO_CHECKS_MS = 1_000;
/** Where keepalived would write its dumps if it were not told where. */
const DUMPS = ["keepalived.data", "keepalived_parent.data", "keepalived.stats", "keepalived.json"];

/** What of a host can be harmed: whichever owns the VIP is. */
interface Harmable {
  readonly keepalived: OwnKeepalived;
  /** Its agent's files are all on it, and are lost with the agent's container. */
  readonly disk: SmallDisk;
}
const harmables = new Map<Host, Harmable>();

beforeAll(async () => {
  const { lab } = used;
  for (const host of lab.hosts) {
    mkdirSync(temporary(host), { mode: 0o777 });
    writeFileSync(victim(host), "untouched\n");
    for (const name of DUMPS) symlinkSync(victim(host), `${temporary(host)}/${name}`);
  }
  await Promise.all(lab.hosts.map((host) => start(host, new OwnKeepalived(host))));
  await settled(lab);
});

async function start(host: Host, keepalived = harmableOf(host).keepalived): Promise<void> {
  const env = {
    PEER_REMOVAL_GRACE: "3",
    CHECK_PORT: "80",
    TMPDIR: temporary(host),
    PATH: keepalived.folder,
  };
  harmables.set(host, { keepalived, disk: await SmallDisk.start(host, env) });
}

function harmableOf(host: Host): Harmable {
  return harmables.get(host)!;
}

function temporary(host: Host): string {
  return `${host.folder}/tmp`;
}

/** The file to which the links point that are planted in the agent's temporary folder. */
function victim(host: Host): string {
  return `${host.folder}/victim`;
}

/** Runs shell text in the folder of the agent's state. */
async function inState(host: Host, script: string): Promise<void> {
  const { stateFolder } = harmableOf(host).disk;
  await host.agent.container.run(["sh", "-ec", `cd ${stateFolder}; ${script}`]);
}

function expectCrashAtWorst({ gapMs, doubleMs, silenceMs }: Course): void {
  expect(gapMs).toBeLessThan(CRASH_MS);
  expect(doubleMs).toBeLessThan(CRASH_MS);
  expect(silenceMs).toBeLessThan(CRASH_MS);
}

/** Resolves when a host took the VIP: an owner whose keepalived was just killed may still look like one. */
async function untilTaken(sinceMs: number): Promise<void> {
  await until(() => used.lab.ownership.transitions(VIP, sinceMs) > 0, SOON_MS, "a host takes the VIP");
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
    let killed: readonly number[] = [];
    const course = await courseOf(lab, `keepalived killed (${part})`, async (owner) => {
      const sinceMs = Date.now();
      killed = await signalKeepalived(owner, part, "SIGKILL");
      await untilTaken(sinceMs);
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
      await owner.agent.awaitLog(({ msg }) => msg === "keepalived was suspended, and is continued", {
        from,
        timeoutMs: SOON_MS,
      });
      // stopped anew before the agent has looked again, it would have stayed stopped
      await sleep(TWO_CHECKS_MS);
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
    expect(durationMs).toBeLessThan(10_000);
    expect(await owner.addresses()).not.toContain(VIP);
    await until(() => lab.owner(VIP), SOON_MS, "another host has the VIP");
    await start(owner);
  });

  expectCrashAtWorst(course);
});

it("starts anew beside pid files that name somebody else, who comes to no harm", async () => {
  let stranger = "";
  const course = await courseOf(used.lab, "pid files of somebody else", async (owner) => {
    const { container } = owner.agent;
    stranger = (await container.run(["sh", "-c", "sleep 300 >/dev/null 2>&1 & echo $!"])).trim();
    await inState(owner, `for name in keepalived.pid vrrp.pid; do echo ${stranger} > $name; done`);
    const sinceMs = Date.now();
    await signalKeepalived(owner, "whole keepalived", "SIGKILL");
    await untilTaken(sinceMs);
  });

  expectCrashAtWorst(course);
  expect(await course.owner.agent.container.run(["cat", `/proc/${stranger}/comm`])).toBe("sleep");
});

it("is a backup again after all its files were deleted, and takes over as ever", async () => {
  const { lab } = used;
  const course = await courseOf(lab, "all of STATE_DIR deleted", async (owner) => {
    await inState(owner, "rm -rf -- *");
    await until(async () => (await stateOf(owner)) === "BACKUP", SOON_MS, "the host backs up another");
    await untilWell(owner);
    // keepalived's next start must find what it needs
    await signalKeepalived(owner, "whole keepalived", "SIGKILL");
  });
  const others = lab.hosts.filter((host) => host !== course.owner);
  await ready(lab, [course.owner, await settled(lab)]);
  const sinceMs = Date.now();
  await Promise.all(others.map((host) => signalKeepalived(host, "whole keepalived", "SIGKILL")));
  await until(async () => (await stateOf(course.owner)) === "MASTER", SOON_MS, "the host takes over");

  expectCrashAtWorst(course);
  expect(ownersSince(lab, sinceMs).doubleMs).toBeLessThan(CRASH_MS);
  // the agent still holds files that are deleted: the kernel would not make its disk read-only for a later test
  await course.owner.stopAgent();
  await start(course.owner);
});

it("writes through no link that somebody planted where keepalived's dumps usually are", async () => {
  const [host] = used.lab.hosts as [Host];
  await untilWell(host);
  const from = host.agent.logPosition;
  for (const signal of ["SIGUSR1", "SIGUSR2"] as const)
    await signalKeepalived(host, "parent process", signal);
  const hasPrinted = (line: unknown) => String(line).startsWith("Printing VRRP stats");
  await host.agent.awaitLog(({ line }) => hasPrinted(line), { from, timeoutMs: SOON_MS });

  await untilWell(host);
  expect(readFileSync(victim(host), "utf8")).toBe("untouched\n");
});

it.each([
  { what: "exits at once with 0", harm: (own: OwnKeepalived) => own.replace("exit 0") },
  { what: "refuses its configuration", harm: (own: OwnKeepalived) => own.replace("exit 2") },
  { what: "is gone", harm: (own: OwnKeepalived) => own.remove() },
])("leaves the VIP to others while it $what, says so, and comes back by itself", async ({ what, harm }) => {
  const course = await courseOf(used.lab, `keepalived killed, and the next one ${what}`, async (owner) => {
    const own = harmableOf(owner).keepalived;
    harm(own);
    await signalKeepalived(owner, "whole keepalived", "SIGKILL");
    await until(
      async () => (await problemsOf(owner)).some((code) => code.startsWith("KEEPALIVED_")),
      SOON_MS,
      "the agent says so",
    );
    const isReleased = async () => !(await owner.addresses()).includes(VIP);
    await until(isReleased, SOON_MS, "the VIP left the host").finally(() => own.restore());
    await untilWell(owner);
  });

  expectCrashAtWorst(course);
});

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
] as const)("serves on a disk that is $disk, until $event: then it gives the VIP away", async (row) => {
  const { lab } = used;
  const course = await courseOf(lab, `disk ${row.disk}, then ${row.event}`, async (host) => {
    const { disk } = harmableOf(host);
    const conf = await disk.conf();
    const setPriority = (value: string | undefined) =>
      lab.metadata.publish((document) =>
        setLabel(document, host.name, { name: "keepalived.priority", value }),
      );
    const sinceMs = Date.now();
    await (row.disk === "full" ? disk.fill() : disk.makeReadOnly());
    setPriority("210");
    if (row.disk === "full") {
      const isTaken = async () => (await disk.conf()).includes("priority 210");
      await until(isTaken, SOON_MS, "a text of the same length is written into its own space");
    } else {
      await untilProblem(host, "CONF_UNWRITABLE");
      expect(await disk.conf()).toBe(conf);
    }
    expect(ownersSince(lab, sinceMs)).toEqual({ gapMs: 0, doubleMs: 0, transitions: 0 });
    setPriority(undefined);

    await row.harm(host);
    const isGiven = async () => ![undefined, host].includes(await lab.owner(VIP));
    await until(isGiven, SOON_MS, "another host has the VIP");
    await (row.disk === "full" ? disk.free() : disk.makeWritable());
    await host.publishPorts([HTTP, { ...HTTP, protocol: "udp" }]);
    await untilWell(host);
  });

  expectCrashAtWorst(course);
});
