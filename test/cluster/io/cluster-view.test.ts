/** Members that are real HTTP servers: one that tells the truth, and others that hang, lie, or are somebody else. */
import { once } from "node:events";
import { createServer, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { ClusterMember } from "../../../src/cluster/cluster.ts";
import { createClusterView } from "../../../src/cluster/io/cluster-view.ts";
import { briefAnswer, jsonAnswer } from "../../../src/http/answer.ts";
import type { MemberStatus } from "../../../src/metadata/member-status.ts";
import type { Status } from "../../../src/status/status.ts";
import { memberOf, statusOn } from "../../fixtures/cluster.ts";
import { AT } from "../../fixtures/status.ts";

const HONEST = JSON.stringify(statusOn("node-3", "BACKUP", "node-2"));
const OF_NODE_2 = JSON.stringify(statusOn("node-2", "MASTER", "node-2"));
/** Generous, as the machine is shared: an honest member must answer in this time. */
const HANG_TIMEOUT_MS = 3_000;
const TIMEOUT_MS = 15_000;
/** No member may seem to hang while the test holds the answers of all back. */
const LONG_TIMEOUT_MS = 60_000;
const BOUND_MS = 20_000;

let stop: AbortController;
let servers: Server[];
beforeEach(() => {
  stop = new AbortController();
  servers = [];
});
afterEach(() => {
  stop.abort();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(respond: RequestListener): Promise<string> {
  const server = createServer(respond);
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const json = (body: string): RequestListener => {
  return (_request, response) => response.setHeader("Content-Type", "application/json").end(body);
};

function statusWith(...members: readonly MemberStatus[]): Status {
  return statusOn("node-1", "BACKUP", "node-2", { members });
}

/** What the row of node-2 says, when node-3 tells the truth beside it. */
async function rowOf(respond: RequestListener): Promise<ClusterMember> {
  const members = [
    memberOf("node-2", { url: await serve(respond) }),
    memberOf("node-3", { url: await serve(json(HONEST)) }),
  ];
  const { members: rows, groups } = await createClusterView(
    () => statusWith(...members),
    stop.signal,
    TIMEOUT_MS,
  ).read();

  expect(rows.map(({ host }) => host)).toEqual(["node-1", "node-2", "node-3"]);
  expect(rows[2]).toMatchObject({ reach: "answers", isWell: true, groups: [{ name: "main" }] });
  expect(groups.map(({ name }) => name)).toEqual(["main"]);
  return rows[1]!;
}

it("shows what each member says of itself", async () => {
  expect(await rowOf(json(OF_NODE_2))).toMatchObject({
    reach: "answers",
    why: undefined,
    isWell: true,
    version: "0.1.0",
    groups: [{ name: "main", state: "MASTER" }],
  });
});

it("members that hang are not reachable, and hold nobody up", async () => {
  const hanging: RequestListener[] = [
    () => undefined,
    (_request, response) => void response.writeHead(200, { "Content-Length": "5000" }).write("{"),
    (_request, response) => {
      const timer = setInterval(() => response.write(" "), 50);
      response.on("close", () => clearInterval(timer));
    },
  ];
  const members = await Promise.all(
    hanging.map(async (respond, index) =>
      memberOf("node-2", { host: `hangs-${index}`, uuid: `u-${index}`, url: await serve(respond) }),
    ),
  );
  const honest = memberOf("node-3", { url: await serve(json(HONEST)) });
  const startMs = performance.now();
  const status = statusWith(...members, honest);
  const cluster = await createClusterView(() => status, stop.signal, HANG_TIMEOUT_MS).read();

  expect(performance.now() - startMs).toBeLessThan(BOUND_MS);
  const silent = { reach: "not-reachable", why: "no complete answer within 3 s", groups: [] };
  expect(cluster.members).toMatchObject([
    { isSelf: true },
    silent,
    silent,
    silent,
    { host: "node-3", reach: "answers" },
  ]);
});

it("a member that hangs up is not reachable, with what this host hears of it", async () => {
  expect(await rowOf((request) => void request.socket.destroy())).toMatchObject({
    reach: "not-reachable",
    why: "it closed the connection",
    wire: { owns: ["main"] },
  });
});

it.each<[string, RequestListener, RegExp]>([
  ["10 MB", (_request, response) => response.end(Buffer.alloc(10_000_000, 0x20)), /more than 1024 KiB/],
  [
    "10 MB that it does not announce",
    (_request, response) => {
      response.on("error", () => undefined);
      for (let part = 0; part < 100; part += 1) response.write(Buffer.alloc(100_000, 0x20));
      response.end("{}");
    },
    /more than 1024 KiB/,
  ],
  ["HTML", (_request, response) => response.end("<!doctype html><h1>Welcome</h1>"), /other than JSON/],
  ["no UTF-8", (_request, response) => response.end(Buffer.from([0x22, 0xff, 0x22])), /other than JSON/],
  ["null", json("null"), /not an agent's status/],
  ["deep nesting", json(`{"agent":${"[".repeat(100_000)}${"]".repeat(100_000)}}`), /not an agent's status/],
  ["wrong types", json(OF_NODE_2.replace('"MASTER"', "[7]")), /expected string at instances\.0\.state/],
  ["the name of a prototype", json('{"__proto__":{"agent":{"version":"1"}}}'), /not an agent's status/],
  ["an error", (_request, response) => response.writeHead(421).end("no"), /status 421/],
  [
    "a redirect to an honest member",
    async (_request, response) => {
      response.writeHead(302, { Location: `${await serve(json(OF_NODE_2))}/status` }).end();
    },
    /status 302/,
  ],
  ["another host's status", json(HONEST), /the agent of another host answers: node-3/],
  [
    "the status of an agent without a host",
    json(JSON.stringify({ ...statusOn("node-2", "MASTER"), host: undefined })),
    /does not know its host yet/,
  ],
])("a member that answers with %s is refused, in its own row alone", async (_, respond, why) => {
  const row = await rowOf(respond);

  expect(row).toMatchObject({
    reach: "refused",
    why: expect.stringMatching(why),
    groups: [],
    version: undefined,
  });
});

it.each([
  { what: "255 groups and 129 members, in brief", groups: 255, members: 129, textOf: briefText },
  { what: "100 groups and 100 members, in full", groups: 100, members: 100, textOf: fullText },
])("takes the status of an honest host with $what", async ({ groups, members, textOf }) => {
  const url = await serve(json(textOf(bigStatus(groups, members))));
  const { members: rows } = await createClusterView(
    () => statusWith(memberOf("node-2", { url })),
    stop.signal,
    TIMEOUT_MS,
  ).read();

  expect(rows[1]).toMatchObject({ reach: "answers", why: undefined });
  expect(rows[1]?.groups).toHaveLength(groups);
});

function fullText(status: Status): string {
  return jsonAnswer(status).body;
}

function briefText(status: Status): string {
  return briefAnswer(status).body;
}

/** A host with many groups, each with four IPv6 VIPs and six checks. */
function bigStatus(groups: number, members: number): Status {
  const addressOf = (number: number) => `fd12:3456:789a:1::1:${(number + 4_096).toString(16)}`;
  const peers = Array.from({ length: members - 1 }, (_, index) => addressOf(index));
  const [group] = statusOn("node-2", "MASTER", "node-2").instances;
  const instances = Array.from({ length: groups }, (_, index) => ({
    ...group!,
    name: `web-service-${index}`,
    vips: [0, 1, 2, 3].map((vip) => `${addressOf(index * 4 + vip)}/64`),
    peers,
  }));
  const checks = ["ports", "target", "http", "tcp", "script", "service"].map((name) => ({
    name,
    verdict: "healthy" as const,
    reason: "80/tcp and 443/tcp published for 192.168.10.100",
    since: AT,
    onset: AT,
  }));
  const [health] = statusOn("node-2", "MASTER").health;
  return statusOn("node-2", "MASTER", "node-2", {
    instances,
    health: instances.map(({ name }) => ({ ...health!, group: name, checks })),
    members: peers.map((address, index) =>
      memberOf("node-3", { host: `host-${index}`, addresses: [address], url: `http://[${address}]:9650` }),
    ),
  });
}

it("asks for the brief status, which an agent that does not know it gives in full", async () => {
  const targets: (string | undefined)[] = [];
  await rowOf((request, response) => {
    targets.push(request.url);
    json(OF_NODE_2)(request, response);
  });

  expect(targets).toEqual(["/status?brief"]);
});

it("a member without a server, or without an address, is not reachable", async () => {
  const url = await serve(json(OF_NODE_2));
  servers[0]?.close();
  const status = statusWith(memberOf("node-2", { url }), memberOf("node-3", { url: undefined }));
  const { members, isWell } = await createClusterView(() => status, stop.signal, TIMEOUT_MS).read();

  expect(members).toMatchObject([
    { reach: "answers" },
    { reach: "not-reachable", why: expect.stringMatching(/^nothing listens there/) },
    { reach: "not-reachable", why: expect.stringMatching(/^it has no address to ask/) },
  ]);
  expect(isWell).toBe(false);
});

it("asks each member once, however many look at the same time, and shows this host's own state of the moment", async () => {
  let asked = 0;
  const url = await serve((request, response) => {
    asked += 1;
    json(OF_NODE_2)(request, response);
  });
  let status = statusWith(memberOf("node-2", { url }));
  const view = createClusterView(() => status, stop.signal, TIMEOUT_MS);
  await Promise.all(Array.from({ length: 20 }, () => view.read()));
  expect(asked).toBe(1);

  status = { ...status, instances: [] };
  const own = async () => (await view.read()).members[0]?.groups.map(({ state }) => state);
  await expect.poll(own).toEqual(["INACTIVE"]);
});

it("asks again once an answer is a second old", async () => {
  let asked = 0;
  const url = await serve((request, response) => {
    asked += 1;
    json(OF_NODE_2)(request, response);
  });
  const status = statusWith(memberOf("node-2", { url }));
  const view = createClusterView(() => status, stop.signal, TIMEOUT_MS);
  await view.read();
  await sleep(1_100); // the answers' age itself is what is waited for
  await view.read();

  expect(asked).toBe(2);
});

it("asks 128 members at the same time at most, and all of two hundred", async () => {
  const limit = 128;
  let most = 0;
  const waiting: ServerResponse[] = [];
  let isHeld = true;
  const url = await serve((request, response) => {
    if (!isHeld) return json(OF_NODE_2)(request, response);
    waiting.push(response);
    most = Math.max(most, waiting.length);
  });
  const members = Array.from({ length: 200 }, (_, index) =>
    memberOf("node-2", { host: `host-${index}`, uuid: `u-${index}`, url }),
  );
  const asked = createClusterView(() => statusWith(...members), stop.signal, LONG_TIMEOUT_MS).read();
  await expect.poll(() => waiting.length).toBe(limit);
  await sleep(200); // one more would come now
  isHeld = false;
  for (const response of waiting) response.end(OF_NODE_2);
  const cluster = await asked;

  expect(most).toBe(limit);
  expect(cluster.members.filter(({ why }) => why?.startsWith("the agent of another host"))).toHaveLength(200);
});
