/** The verdict on a table with rules of nft's own beside what real connections of a client find. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { judgePorts } from "../../../src/ports/published-ports.ts";
import { HOOK } from "../../fixtures/nat-saves.ts";
import type { Reading } from "../../iptables/io/nat-lab.ts";
import { type ClientLab, openClientLab } from "./client-lab.ts";

const VIP = "192.0.2.100";
const TARGET = "192.0.2.1";
const DNAT = `-A CATTLE_PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination ${TARGET}:8080`;
const HTTP = { protocol: "tcp", port: 80, address: VIP, interface: "eth0" } as const;

/** Rules of nft in front of Rancher's hook. With `short`, the save of iptables alone gives another verdict. */
const CASES = [
  { rule: "tcp dport 80 accept", connects: false, verdict: "unhealthy" },
  { rule: "tcp dport { 80, 443 } accept", connects: false, verdict: "unhealthy" },
  { rule: "tcp dport { 81, 443 } accept", connects: true, verdict: "healthy", short: true },
  { rule: "tcp dport vmap { 80 : accept }", connects: false, verdict: "unhealthy", short: true },
  { rule: "tcp dport vmap { 81 : accept }", connects: true, verdict: "healthy" },
  { rule: "tcp dport vmap @verdicts", connects: false, verdict: "unknown", short: true },
  {
    rule: "ip saddr { 198.51.100.0/24, 203.0.113.7 } accept",
    connects: true,
    verdict: "healthy",
    short: true,
  },
  { rule: "ip saddr @office accept", connects: true, verdict: "healthy", short: true },
  { rule: "ip saddr != @office accept", connects: false, verdict: "unhealthy" },
  { rule: "ip saddr 0.0.0.0-255.0.0.0 accept", connects: false, verdict: "unhealthy", short: true },
  { rule: `tcp dport 80 dnat to ${TARGET}:9`, connects: false, verdict: "unhealthy", short: true },
  { rule: `tcp dport 81 dnat to ${TARGET}:9`, connects: true, verdict: "healthy", short: true },
  { rule: 'iifname "eth0" tcp dport 80 redirect to :9', connects: false, verdict: "unhealthy", short: true },
  { rule: 'iifname "eth1" tcp dport 80 redirect to :9', connects: true, verdict: "healthy", short: true },
  { rule: "ct state new tcp dport 80 accept", connects: false, verdict: "unhealthy", short: true },
  // iptables ends with an error
  { rule: "tcp dport 80 meta mark set 5 accept", connects: false, verdict: "unhealthy" },
  { rule: "sctp dport 80 accept", connects: true, verdict: "healthy" },
  { rule: `dnat to tcp dport map { 80 : ${TARGET} }`, connects: false, verdict: "unknown" },
] as const;

let lab: ClientLab;
let reading: Reading;
beforeAll(async () => {
  lab = await openClientLab({ vip: `${VIP}/24`, host: `${TARGET}/24`, client: "192.0.2.2/24" });
  const { host } = lab;
  await host.restore("nft", [":CATTLE_PREROUTING - [0:0]", HOOK, DNAT]);
  await host.run(
    "nft",
    "add",
    "set",
    "ip",
    "nat",
    "office",
    "{ type ipv4_addr; flags interval; elements = { 198.51.100.0/24 } }",
  );
  await host.run(
    "nft",
    "add",
    "map",
    "ip",
    "nat",
    "verdicts",
    "{ type inet_service : verdict; elements = { 80 : accept } }",
  );
  reading = await host.start({ backend: "nft" });
});
afterAll(() => lab.remove());

async function judge() {
  const { reads } = await reading.read();
  return judgePorts(reads, [HTTP]);
}

it("says of native rules in front of Rancher's hook what a client finds", async () => {
  const { host } = lab;
  expect([(await judge()).verdict, await lab.connects()]).toEqual(["healthy", true]);
  for (const { rule, connects, verdict, ...rest } of CASES) {
    const said = await host.run("nft", "-a", "-e", "insert", "rule", "ip", "nat", "PREROUTING", rule);
    const handle = /handle (\d+)/.exec(said)?.[1] ?? "";
    const judged = await judge();

    expect({ rule, connects: await lab.connects(), verdict: judged.verdict }).toEqual({
      rule,
      connects,
      verdict,
    });
    if (verdict === "unknown") expect(judged.detail).toMatch(/^cannot be read: -A PREROUTING .*-j nft \[/);
    if ("short" in rest) {
      const text = await host.run("iptables-nft-save", "-t", "nat");
      const absent = { kind: "absent" } as const;
      const bySave = judgePorts({ nft: { kind: "table", text }, legacy: absent }, [HTTP]);
      expect({ rule, verdict: bySave.verdict }).not.toEqual({ rule, verdict });
    }
    await host.run("nft", "delete", "rule", "ip", "nat", "PREROUTING", "handle", handle);
  }
  expect((await judge()).verdict).toBe("healthy");
});

it("asks nft only where a line of the save may say less than its rule, and not again while those lines stay", async () => {
  const { host } = lab;
  const nft = await host.run("which", "nft");
  // base chains of nft's own are looked for besides
  await host.standIn("nft", `case "$*" in *"list table"*) echo >> "$0.starts"; esac\nexec ${nft} "$@"`);
  const other = await host.start({ backend: "nft" });
  await other.read();
  expect(await host.startsOf("nft")).toBe(0);

  await host.restore("nft", ["-A CATTLE_PREROUTING -s 198.51.100.0/24 -j RETURN"]);
  await other.read();
  expect(await host.startsOf("nft")).toBe(1);
  await host.restore("nft", [DNAT.replace("--dport 80", "--dport 81")]);
  const answer = await other.read();

  expect(answer.reads.nft).toMatchObject({ text: expect.stringContaining("--dport 81 ") });
  expect(await host.startsOf("nft")).toBe(1);
});

it("knows nothing of a table that iptables cannot save while nft hangs", async () => {
  const { host } = lab;
  await host.standIn("nft", "exec sleep 1000");
  const other = await host.start({ backend: "nft", timeoutMs: 5_000 });
  const rule = `tcp dport 81 dnat to ${TARGET}:9`;
  const said = await host.run("nft", "-a", "-e", "insert", "rule", "ip", "nat", "PREROUTING", rule);

  const { reads } = await other.read();
  expect(judgePorts(reads, [HTTP])).toMatchObject({ verdict: "unknown", reason: "table-incompatible" });

  await host.restoreProgram("nft");
  // the tables before the nat table are asked for again after 2 s
  const verdict = async () => judgePorts((await other.read()).reads, [HTTP]).verdict;
  await expect.poll(verdict).toBe("healthy");
  await host.run(
    "nft",
    "delete",
    "rule",
    "ip",
    "nat",
    "PREROUTING",
    "handle",
    /handle (\d+)/.exec(said)?.[1] ?? "",
  );
});

/** Base chains of nft's own in the nat hook, with one rule. */
const BASE_CHAINS = [
  { rule: `tcp dport 80 dnat ip to ${TARGET}:9`, connects: false, verdict: "unknown" },
  { rule: "jump away", connects: false, verdict: "unknown" },
  { rule: `tcp dport 81 dnat ip to ${TARGET}:9`, connects: true, verdict: "healthy" },
  {
    rule: `ip saddr 198.51.100.0/24 tcp dport 80 dnat ip to ${TARGET}:9`,
    connects: true,
    verdict: "healthy",
  },
  // it ends this chain alone
  { rule: "tcp dport 80 accept", connects: true, verdict: "healthy" },
  { rule: `dnat ip to tcp dport map { 80 : ${TARGET} }`, connects: false, verdict: "unknown" },
  { rule: "tcp dport 81 drop", connects: true, verdict: "healthy" },
  { rule: "tcp dport 81 accept", policy: "drop", connects: false, verdict: "unknown" },
  // Rancher's chain comes first
  { rule: `tcp dport 80 dnat ip to ${TARGET}:9`, priority: -90, connects: true, verdict: "healthy" },
] as const;

it("says of base chains of nft's own, in front of iptables' one, what a client finds", async () => {
  const { host } = lab;
  for (const { rule, connects, verdict, ...rest } of BASE_CHAINS) {
    const priority = "priority" in rest ? rest.priority : -150;
    const policy = "policy" in rest ? rest.policy : "accept";
    await host.run("nft", "add", "table", "inet", "own");
    await host.run("nft", "add", "chain", "inet", "own", "away");
    await host.run("nft", "add", "rule", "inet", "own", "away", "tcp", "dport", "80", "redirect", "to", ":9");
    await host.run(
      "nft",
      "add",
      "chain",
      "inet",
      "own",
      "pre",
      `{ type nat hook prerouting priority ${priority}; policy ${policy}; }`,
    );
    await host.run("nft", "add", "rule", "inet", "own", "pre", rule);
    const fresh = await host.start({ backend: "nft" });
    const judged = judgePorts((await fresh.read()).reads, [HTTP]);

    expect({ rule, connects: await lab.connects(), verdict: judged.verdict }).toEqual({
      rule,
      connects,
      verdict,
    });
    if (verdict === "unknown")
      expect(judged.detail).toMatch(/beside Rancher's table may come first: -[AP] inet\/own\//);
    await host.run("nft", "delete", "table", "inet", "own");
  }
});
