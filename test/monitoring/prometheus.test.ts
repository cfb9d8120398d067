/**
 * The whole way of an alert, in a real Prometheus: it scrapes what agents' /metrics say, evaluates the shipped rules, and alerts
 * fire and end. How long that takes with the times that ship is measured by `npm run bench:alerts`: it takes minutes, and no
 * test should fail because a machine is slow.
 */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openMetrics } from "../../src/metrics/io/registry.ts";
import { deriveSamples } from "../../src/metrics/samples.ts";
import type { Status } from "../../src/status/status.ts";
import { statusOn } from "../fixtures/cluster.ts";
import { type Alert, type Prometheus, startPrometheus } from "./prometheus.ts";

/** Generous, as the machine is shared: each step needs two or three scrapes, 1 s apart. */
const SOON_MS = 60_000;

/** The address that the printed prometheus.yml has. */
const RUNBOOKS = "https://git.example.com/ops/rancher-keepalived/blob/main/docs/operate/";

interface Agent {
  readonly server: Server;
  readonly address: string;
  status: Status;
}

const agents: Agent[] = [];
let prometheus: Prometheus;

beforeAll(async () => {
  agents.push(await serve("node-1", "MASTER"), await serve("node-2", "BACKUP"));
  prometheus = await startPrometheus(agents.map(({ address }) => address));
}, SOON_MS);

afterAll(async () => {
  await prometheus?.stop();
  for (const { server } of agents) close(server);
}, SOON_MS);

function statusAs(host: string, state: string): Status {
  const readAt = new Date().toISOString();
  const status = statusOn(host, state, state === "MASTER" ? host : "node-1");
  const instances = status.instances.map((one) => ({ ...one, peers: ["198.51.100.99"] }));
  return { ...status, instances, metadata: { ...status.metadata, readAt } };
}

/** What Prometheus can read of an agent: the metrics of a status. */
async function serve(host: string, state: string): Promise<Agent> {
  const metrics = openMetrics(() =>
    deriveSamples({
      status: agent.status,
      counts: { transitions: [], rejections: 0, exits: 0 },
      epochSeconds: (time) => Date.parse(time) / 1_000,
    }),
  );
  const server = createServer(async (_request, response) => {
    response.setHeader("Content-Type", metrics.contentType).end(await metrics.text());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const agent: Agent = { server, address: `127.0.0.1:${port}`, status: statusAs(host, state) };
  return agent;
}

function close(server: Server): void {
  server.closeAllConnections();
  server.close();
}

function become(states: readonly string[]): void {
  for (const [index, state] of states.entries()) agents[index]!.status = statusAs(`node-${index + 1}`, state);
}

const firing = () => prometheus.firing();
const nameOf = ({ labels }: Alert) => labels["alertname"];
const untilQuiet = () => until(firing, ({ length }) => length === 0, "no alert fires");

/** The alert, once it fires. */
async function untilFires(name: string): Promise<Alert | undefined> {
  const alerts = await until(firing, (all) => all.some((each) => nameOf(each) === name), `${name} fires`);
  return alerts.find((each) => nameOf(each) === name);
}

/** The first answer that is right. */
async function until<Answer>(ask: () => Promise<Answer>, isRight: (answer: Answer) => boolean, what: string) {
  const endMs = performance.now() + SOON_MS;
  for (;;) {
    const answer = await ask();
    if (isRight(answer)) return answer;
    if (performance.now() > endMs) throw new Error(`not in time: ${what}; ${JSON.stringify(answer)}`);
    await sleep(250);
  }
}

it("fires each urgent alert, ends it, and names the VIP and the runbook", {
  timeout: 6 * SOON_MS,
}, async () => {
  const scraped = () => prometheus.count("count_over_time(rancher_keepalived_is_owner[1m]) > 1");
  await until(scraped, (count) => count === 2, "both agents are scraped");
  await untilQuiet();

  become(["FAULT", "FAULT"]);
  expect(await untilFires("VipWithoutOwner")).toMatchObject({
    labels: { severity: "critical", group: "main", vip: "198.51.100.50" },
    annotations: {
      summary: "No host owns 198.51.100.50",
      runbook_url: `${RUNBOOKS}operate.md#vipwithoutowner`,
    },
  });

  become(["MASTER", "MASTER"]);
  await untilFires("VipWithTwoOwners");

  become(["MASTER", "BACKUP"]);
  await untilQuiet();

  for (const { server } of agents) close(server);
  await untilFires("VipTotalLoss");
});
