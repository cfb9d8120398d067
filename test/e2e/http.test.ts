/** The agent over HTTP, asked in the network of its host. */
import { isDeepStrictEqual } from "node:util";
import { expect, it } from "vitest";
import { AGENT_URL, ask, HTTP_CLIENT, memoryOf } from "./lab/ask.ts";
import { Child } from "./lab/child.ts";
import type { Host } from "./lab/host.ts";
import { beyondStalls } from "./lab/stall.ts";
import { until } from "./lab/until.ts";
import { calm, startAll, stateOf, statusOf, useLab, VIP } from "./scenario.ts";

/** What is checked is the agent's own port: always there. */
const CHECKED = { CHECK_TCP: "127.0.0.1:9650", CHECK_RISE: "1" };
const used = useLab({ hosts: 2 });

/** Value of a metric of the agent, by its name without prefix and its labels. */
async function metric(host: Host, name: string): Promise<number> {
  const { body } = await ask(host, "/metrics");
  const line = body.split("\n").find((each) => each.startsWith(`rancher_keepalived_${name} `));
  return Number(line?.split(" ").at(-1) ?? Number.NaN);
}

it("answers each route", async () => {
  const { lab } = used;
  await startAll(lab, CHECKED);
  const owner = await calm(lab);
  const [page, journal] = await Promise.all(["/", "/journal"].map((path) => ask(owner, path)));

  /** Asked anew where something happened between the two questions. */
  const isStatus = (read: () => Promise<string>) =>
    expect
      .poll(async () => [JSON.parse(await read()), await statusOf(owner)])
      .toSatisfy(([one, other]) => isDeepStrictEqual(one, other));
  await isStatus(async () => (await ask(owner, "/status")).body);
  expect(page).toMatchObject({ status: 200, headers: { "content-type": "text/html; charset=utf-8" } });
  expect(page?.headers["content-security-policy"]).toMatch(/^default-src 'none'; style-src 'sha256-/);
  await isStatus(async () => /^data: (.*)$/m.exec((await ask(owner, "/events")).body)?.[1] ?? "");
  expect(JSON.parse(journal?.body ?? "").moves.at(-1).sentence).toMatch(
    new RegExp(`^main came to ${owner.name} at [\\d:]{8}`),
  );
  expect(await ask(owner, "/healthz")).toMatchObject({ status: 200, body: "ok\n" });
  expect(await ask(owner, "/readyz")).toMatchObject({ status: 200, body: "ok\n" });
  expect(await ask(owner, "/etc/passwd")).toMatchObject({ status: 404 });
  expect(await metric(owner, 'check_verdict{group="main",check="tcp",verdict="healthy"}')).toBe(1);
  expect(await metric(owner, 'check_probe_duration_seconds_count{group="main",check="tcp"}')).toBeGreaterThan(
    0,
  );
});

it("counts a failover on both hosts, and tells a host that is not ready from one that is not true", async () => {
  const { lab } = used;
  const owner = await calm(lab);
  const other = lab.hosts.find((host) => host !== owner)!;
  const owns = (host: Host) => metric(host, `is_owner{group="main",vip="${VIP}"}`);
  const mastered = 'transitions_total{group="main",state="MASTER"}';
  expect([await owns(owner), await owns(other)]).toEqual([1, 0]);

  const before = await metric(other, mastered);
  await owner.stopAgent();
  await until(async () => (await owns(other)) === 1, 120_000, `${other.name} says that it is the owner`);
  expect(await metric(other, mastered)).toBe(before + 1);

  await owner.startAgent({ CHECK_TCP: "127.0.0.1:1" });
  await until(async () => (await stateOf(owner)) === "FAULT", 120_000, `${owner.name} is in FAULT`);
  expect([await owns(owner), await owns(other)]).toEqual([0, 1]);
  expect(await ask(owner, "/healthz")).toMatchObject({ status: 200 });
  expect(await ask(owner, "/readyz")).toMatchObject({
    status: 503,
    body: expect.stringMatching(/^group main is FAULT since /),
  });
  await owner.stopAgent();
  await owner.startAgent(CHECKED);
});

it("bears 50 followers and 100 scrapes a second beside a failover, with its memory and answers as they were", async () => {
  const { lab } = used;
  const owner = await calm(lab);
  const other = lab.hosts.find((host) => host !== owner)!;
  const before = await memoryOf(other);
  const children: Child[] = [];
  for (const host of lab.hosts) {
    children.push(
      new Child({
        namespace: host.namespace,
        name: `the load on ${host.name}`,
        command: [process.execPath, HTTP_CLIENT, AGENT_URL, "--load"],
      }),
    );
  }
  for (const child of children) {
    expect(await child.log.first((line) => (line.startsWith("{") ? JSON.parse(line) : undefined))).toEqual({
      following: 50,
    });
  }
  const sinceMs = Date.now();
  await new Promise((resolve) => setTimeout(resolve, 3_000)); // the load itself is what is looked at
  expect(lab.ownership.transitions(VIP, sinceMs)).toBe(0);
  const prober = lab.probe(VIP);
  await prober.awaitAnswer(owner.name);
  await owner.stopAgent();
  await prober.awaitAnswer(other.name);
  const seen = await prober.stop({ sinceMs });
  const longestSilenceMs = beyondStalls(seen.longestSilenceMs, seen);
  const reports = await Promise.all(
    children.map(async (child) => {
      await child.end("SIGTERM");
      return JSON.parse(child.log.lines.at(-1)?.text ?? "{}");
    }),
  );
  const after = await memoryOf(other);
  process.stdout.write(`measured: ${JSON.stringify(reports.map(({ refusals: _, ...rest }) => rest))}\n`);
  process.stdout.write(
    `measured: client silent ${Math.round(longestSilenceMs)} ms; memory ${before >> 20} -> ${after >> 20} MiB\n`,
  );

  const report = reports[lab.hosts.indexOf(other)];
  expect(report.refusals).toEqual([]);
  expect(report.scrapes).toBeGreaterThan(10);
  expect(report.events).toBeGreaterThanOrEqual(2 * 50); // the status at the beginning, and that it became the owner
  expect(longestSilenceMs).toBeLessThan(3_000);
  expect(after - before).toBeLessThan(60 << 20);
});

it("goes on without HTTP where its port is taken, says so, and serves once it is free", async () => {
  const { lab } = used;
  const [host] = lab.hosts as [Host];
  if (host.agent.container.isRunning) await host.stopAgent();
  const squatter = new Child({
    namespace: host.namespace,
    name: "the squatter",
    command: [
      process.execPath,
      "-e",
      'require("net").createServer().listen(9650, "127.0.0.1", () => console.log("has it"))',
    ],
  });
  await squatter.log.first((line) => line === "has it" || undefined);
  await host.startAgent();
  await until(
    async () => ["MASTER", "BACKUP"].includes((await statusOf(host))?.instances[0]?.state ?? ""),
    120_000,
    "keepalived runs all the same",
  );
  expect((await statusOf(host))?.problems).toMatchObject([
    { part: "http", code: "LISTEN_FAILED", message: "cannot listen on 127.0.0.1:9650 (EADDRINUSE)" },
  ]);

  await squatter.end("SIGKILL");

  await until(async () => (await statusOf(host))?.problems.length === 0, 120_000, "the problem is over");
  expect((await ask(host, "/status")).status).toBe(200);
});
