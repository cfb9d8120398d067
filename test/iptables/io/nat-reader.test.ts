import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseTable } from "../../../src/iptables/table.ts";
import type { TableRead } from "../../../src/iptables/table-read.ts";
import { HOOK } from "../../fixtures/nat-saves.ts";
import { sendSignal } from "../../fixtures/send-signal.ts";
import { type Answer, gone, type NatLab, openNatLab, type Reading } from "./nat-lab.ts";

const RULE =
  "-A CATTLE_PREROUTING ! -i docker0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.42.176.196:80";
const PUBLISHED = [":CATTLE_PREROUTING - [0:0]", HOOK, RULE];
const BACKENDS = ["nft", "legacy"] as const;
/** Far longer than a busy machine takes. */
const TIMEOUT_MS = 30_000;

let lab: NatLab;
beforeEach(async () => {
  lab = await openNatLab();
});
afterEach(() => lab.remove());

/** Number of rules in Rancher's chain, or why there is none. */
function rulesIn(read: TableRead): number | string {
  if (read.kind !== "table") return read.kind === "absent" ? "absent" : read.reason;
  const table = parseTable(read.text, "nat");
  if ("problem" in table) return table.problem;
  return table.chains.get("CATTLE_PREROUTING")?.rules.length ?? "no chain";
}

const seen = ({ reads }: Answer) => [rulesIn(reads.nft), rulesIn(reads.legacy)];

describe("where Rancher's chain is", () => {
  it.each([
    { holders: ["nft"], want: [1, "absent"] },
    { holders: ["legacy"], want: ["no chain", 1] },
    { holders: ["nft", "legacy"], want: [1, 1] },
    { holders: [], want: ["no chain", "absent"] },
  ] as const)("in $holders, it is read from there", async ({ holders, want }) => {
    for (const backend of holders) await lab.restore(backend, PUBLISHED);
    const reading = await lab.start();

    expect(seen(await reading.read())).toEqual(want);
    expect(seen(await reading.read())).toEqual(want);
  });

  it.each([
    { backend: "nft", want: [1, "absent"] },
    { backend: "legacy", want: ["absent", 1] },
  ] as const)("in both, $backend alone is read where only it is wanted", async ({ backend, want }) => {
    for (const one of BACKENDS) await lab.restore(one, PUBLISHED);
    const reading = await lab.start({ backend });

    expect(seen(await reading.read())).toEqual(want);
  });

  it("moves from legacy to nft, it is found there at once", async () => {
    await lab.restore("legacy", PUBLISHED);
    const reading = await lab.start();
    expect(seen(await reading.read())).toEqual(["no chain", 1]);

    await lab.run("iptables-legacy", "-t", "nat", "-F");
    await lab.run("iptables-legacy", "-t", "nat", "-X");
    await lab.restore("nft", PUBLISHED);

    expect(seen(await reading.read())).toEqual([1, "no chain"]);
  });
});

it.each(BACKENDS)("rules of ip6tables for %s are read apart from those of iptables", async (backend) => {
  const rule =
    "-A PREROUTING -d 2001:db8::100/128 -p tcp -m tcp --dport 80 -j DNAT --to-destination [fd00::2]:80";
  await lab.restore(backend, PUBLISHED);
  await lab.restore(backend, [rule], "ipv6");

  const { reads } = await (await lab.start({ family: "ipv6" })).read();

  expect(reads[backend]).toMatchObject({ text: expect.stringContaining(rule) });
  expect(reads[backend]).not.toMatchObject({ text: expect.stringContaining("CATTLE_PREROUTING") });
});

const earlierIn = ({ reads }: Answer) =>
  (reads.earlier ?? []).map(({ name, priority }) => `${name} ${priority}`);

it.each(BACKENDS)(
  "tables of %s that packets meet before the nat table are read where they have rules",
  async (backend) => {
    await lab.restore(backend, PUBLISHED);
    expect(earlierIn(await (await lab.start()).read())).toEqual([]);

    await lab.run(`iptables-${backend}`, "-t", "raw", "-A", "PREROUTING", "-j", "MARK", "--set-mark", "7");
    await lab.run(`iptables-${backend}`, "-t", "mangle", "-P", "PREROUTING", "DROP");
    const reading = await lab.start();
    const answer = await reading.read();

    expect(earlierIn(answer)).toEqual(["raw -300", "mangle -150"]);
    expect(answer.reads.earlier?.[0]?.text).toContain("-A PREROUTING -j MARK --set-xmark 0x7/0xffffffff");
    expect(seen(answer)).toEqual(backend === "nft" ? [1, "absent"] : ["no chain", 1]);
    expect((await reading.read()).reads).toEqual(answer.reads);
  },
);

it("rules of nft's own that packets meet before the nat table are read whole", async () => {
  await lab.restore("nft", PUBLISHED);
  await lab.run("iptables-nft", "-t", "raw", "-A", "PREROUTING", "-p", "udp", "-j", "NOTRACK");
  await lab.run(
    "nft",
    "add",
    "rule",
    "ip",
    "raw",
    "PREROUTING",
    "tcp",
    "dport",
    "{",
    "80,",
    "443",
    "}",
    "drop",
  );
  await lab.run("nft", "add", "table", "inet", "own");
  await lab.run(
    "nft",
    "add",
    "chain",
    "inet",
    "own",
    "pre",
    "{ type filter hook prerouting priority -310; policy drop; }",
  );
  await lab.run("nft", "add", "rule", "inet", "own", "pre", "tcp", "dport", "80", "notrack", "accept");
  const { reads } = await (await lab.start()).read();

  expect(reads.earlier).toEqual([
    { name: "raw", priority: -300, text: expect.stringContaining("--dports 80,443 -j DROP") },
    {
      name: "raw",
      priority: -310,
      text: expect.stringContaining("-A inet/own/pre -p tcp -m multiport --dports 80 -j NOTRACK\n"),
    },
  ]);
  expect(reads.earlier?.[1]?.text).toContain(":PREROUTING DROP ");
});

it("reading does not create a table of legacy", async () => {
  for (const family of ["ipv4", "ipv6"] as const) await (await lab.start({ family })).read();

  expect(await lab.run("cat", "/proc/net/ip_tables_names")).toBe("");
  expect(await lab.run("cat", "/proc/net/ip6_tables_names")).toBe("");
});

it.each(BACKENDS)(
  "rules of %s that change are read anew, and others are the same object",
  async (backend) => {
    await lab.restore(backend, PUBLISHED);
    const reading = await lab.start();
    await reading.read();
    await lab.run(
      `iptables-${backend}`,
      "-t",
      "nat",
      "-A",
      "PREROUTING",
      "-d",
      "198.51.100.9",
      "-j",
      "ACCEPT",
    );
    const changed = await reading.read();
    const again = await reading.read();

    expect(changed.isSame[backend]).toBe(false);
    expect(again.isSame[backend]).toBe(true);
    expect(again.reads[backend]).toMatchObject({
      text: expect.stringContaining("-A PREROUTING -d 198.51.100.9/32 -j ACCEPT"),
    });
  },
);

it("packet counts make no difference", async () => {
  await lab.restore("legacy", PUBLISHED);
  await lab.run("ip", "link", "set", "lo", "up");
  const reading = await lab.start();
  await reading.read();
  const isCounted = async () =>
    /OUTPUT ACCEPT \[[1-9]/.test(await lab.run("iptables-legacy-save", "-t", "nat"));
  expect(await isCounted()).toBe(false);

  await lab.run("ping", "-c", "1", "127.0.0.1");

  expect(await isCounted()).toBe(true);
  expect((await reading.read()).isSame.legacy).toBe(true);
});

it("a listing says the same as a save of the same rules", async () => {
  const comment = '-A CATTLE_PREROUTING -m comment --comment "a \\"b\\" c" -j RETURN';
  for (const backend of BACKENDS) await lab.restore(backend, [...PUBLISHED, comment]);
  const { reads } = await (await lab.start()).read();

  expect(reads.legacy).toEqual(reads.nft);
});

it.each(BACKENDS)("10,000 rules of %s are read whole", async (backend) => {
  const rules = Array.from({ length: 10_000 }, (_, index) =>
    RULE.replace("--dport 80", `--dport ${index + 1}`),
  );
  await lab.restore(backend, [...PUBLISHED, ...rules]);
  const reading = await lab.start();
  const answer = await reading.read();

  expect(rulesIn(answer.reads[backend])).toBe(10_001);
  expect((await reading.read()).isSame[backend]).toBe(true);
});

it("nft is asked for its chains once, and while iptables saves the nat table", async () => {
  await lab.restore("nft", PUBLISHED);
  const nft = (await execa("which", ["nft"])).stdout;
  const save = (await execa("which", ["iptables-nft-save"])).stdout;
  await lab.standIn("nft", `echo >> "$0.starts"\nexec ${nft} "$@"`);
  // gives up where nft is asked only after it
  await lab.standIn(
    "iptables-nft-save",
    `left=600\nuntil [ -e "\${0%/*}/nft.starts" ]; do left=$((left - 1)); [ $left -gt 0 ] || exit 4; sleep 0.1; done\nexec ${save} "$@"`,
  );

  const answer = await (await lab.start({ timeoutMs: 100_000 })).read();

  expect(seen(answer)).toEqual([1, "absent"]);
  expect(await lab.startsOf("nft")).toBe(1);
});

it("an xtables lock of another program delays nothing", async () => {
  for (const backend of BACKENDS) await lab.restore(backend, PUBLISHED);
  const underLock = 'mount -n -t tmpfs tmpfs /run && exec flock --no-fork /run/xtables.lock "$@"';
  const reading = await lab.start({
    timeoutMs: TIMEOUT_MS,
    wrap: ["unshare", "--mount", "sh", "-c", underLock, "sh"],
  });
  const beside = ["nsenter", "--mount", `--target=${reading.pid}`, "iptables-legacy", "-w", "1", "-S"];
  await expect(lab.run(...beside)).rejects.toMatchObject({ exitCode: 4 });

  const answer = await reading.read();

  expect(seen(answer)).toEqual([1, 1]);
  expect(answer.durationMs).toBeLessThan(TIMEOUT_MS);
});

describe("a failed read says why, and the next one succeeds once the cause is gone:", () => {
  it.each([
    { program: "iptables-nft-save", backend: "nft" },
    { program: "iptables-legacy-restore", backend: "legacy" },
    { program: "setpriv", backend: "nft" },
    { program: "setpriv", backend: "legacy" },
  ] as const)("$program is missing for $backend", async ({ program, backend }) => {
    await lab.restore(backend, PUBLISHED);
    await lab.hide(program);
    const reading = await lab.start();
    expect(rulesIn((await reading.read()).reads[backend])).toBe("iptables-unusable");

    await lab.restoreProgram(program);

    expect(rulesIn((await reading.read()).reads[backend])).toBe(1);
  });

  it.each([
    { program: "iptables-nft-save", backend: "nft" },
    { program: "iptables-legacy-restore", backend: "legacy" },
  ] as const)("$program hangs", async ({ program, backend }) => {
    await lab.restore(backend, PUBLISHED);
    await lab.standIn(program, "exec sleep 1000");
    const reading = await lab.start({ timeoutMs: 500 });
    expect(rulesIn((await reading.read()).reads[backend])).toBe("timeout");

    await lab.restoreProgram(program);

    await expect.poll(async () => rulesIn((await reading.read()).reads[backend])).toBe(1);
    await expect.poll(async () => [...(await reading.children()).keys()]).not.toContain("sleep");
  });

  it("nft hangs when it is first asked for the rules before the nat table", async () => {
    await lab.restore("legacy", PUBLISHED);
    await lab.run("nft", "add table inet own");
    await lab.run(
      "nft",
      "add chain inet own pre { type filter hook prerouting priority -310; policy drop; }",
    );
    await lab.standIn("nft", "exec sleep 1000");
    const reading = await lab.start({ timeoutMs: 500 });
    const readEarlier = async () => (await reading.read()).reads.earlier;
    const failure = expect.stringMatching(/^(?:timeout|iptables-busy)$/);
    expect(await readEarlier()).toEqual([{ name: "raw", priority: -300, text: "", failure }]);

    await lab.restoreProgram("nft");

    const dropping = { name: "raw", priority: -310, text: expect.stringContaining(":PREROUTING DROP ") };
    await expect.poll(readEarlier).toEqual([dropping]);
  });

  it.each([
    { program: "iptables-nft-save", backend: "nft" },
    { program: "iptables-legacy-restore", backend: "legacy" },
  ] as const)("the table of $program has no end", async ({ program, backend }) => {
    await lab.restore(backend, PUBLISHED);
    await lab.standIn(program, "exec cat /dev/zero");
    const reading = await lab.start();

    expect((await reading.read()).reads[backend]).toMatchObject({
      reason: "iptables-unusable",
      detail: expect.stringContaining("16 MiB"),
    });
    await expect.poll(async () => [...(await reading.children()).keys()]).not.toContain("cat");
  });

  it.each([
    { capability: "net_admin", want: ["iptables-unusable", "iptables-unusable"] },
    { capability: "net_raw", want: [1, "iptables-unusable"] },
  ])("the capability $capability is missing", async ({ capability, want }) => {
    for (const backend of BACKENDS) await lab.restore(backend, PUBLISHED);
    const wrap = ["setpriv", `--bounding-set=-${capability}`, `--inh-caps=-${capability}`, "--"];
    const reading = await lab.start({ wrap });

    expect(seen(await reading.read())).toEqual(want);
    expect(seen(await reading.read())).toEqual(want);
  });

  it("the kernel's list of legacy tables is not readable, which is not the same as empty", async () => {
    await lab.restore("nft", PUBLISHED);
    const caps = "+net_admin,+net_raw";
    const wrap = [
      "setpriv",
      "--reuid=65534",
      "--regid=65534",
      "--clear-groups",
      `--inh-caps=${caps}`,
      `--ambient-caps=${caps}`,
      "--",
    ];
    const reading = await lab.start({ wrap });

    expect(seen(await reading.read())).toEqual([1, "iptables-unusable"]);
  });

  it("the process that lists legacy is killed", async () => {
    await lab.restore("legacy", PUBLISHED);
    const reading = await lab.start();
    await reading.read();
    const lister = (await reading.children()).get("iptables-legacy");
    sendSignal(lister!, "SIGKILL");
    await gone(lister!);

    await expect.poll(async () => seen(await reading.read())).toEqual(["no chain", 1]);
    expect((await reading.children()).get("iptables-legacy")).not.toBe(lister);
  });
});

it.each([
  { end: "killed", endIt: ({ pid }: Reading) => sendSignal(pid, "SIGKILL") },
  { end: "told to stop", endIt: (reading: Reading) => reading.abort() },
])("an agent that is $end leaves no process", async ({ endIt }) => {
  await lab.restore("legacy", PUBLISHED);
  const reading = await lab.start({ withEvents: true, timeoutMs: 60_000 });
  await reading.read();
  await lab.standIn("iptables-nft-save", "exec sleep 1000");
  await lab.run("iptables-legacy", "-t", "nat", "-F"); // now nft is looked at as well
  await lab.run("iptables-legacy", "-t", "nat", "-X");
  const hanging = reading.read();
  hanging.catch(() => undefined);
  await expect
    .poll(async () => [...(await reading.children()).keys()].toSorted())
    .toEqual(["iptables-legacy", "nft", "perl", "sleep"]);
  const children = [...(await reading.children()).values()];

  endIt(reading);

  await Promise.all(children.map(gone));
});
