/** The timeline of three agents that ask each other over HTTP. */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openStage, type Stage } from "../../page/stage.ts";

let folder: string;
let stage: Stage;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "rk-timeline-"));
  stage = await openStage(folder);
});
afterEach(async () => {
  await stage.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 20 });
});

interface Answer {
  readonly hosts: readonly { readonly host: string; readonly reach: string; readonly why?: string }[];
  readonly lines: readonly { readonly at: string; readonly host: string; readonly text: string }[];
}

async function readTimeline(): Promise<Answer> {
  const answer = await fetch(`${stage.hosts[0].url}timeline`);
  return (await answer.json()) as Answer;
}

it("has the journals of all hosts, the newest first", async () => {
  const { hosts, lines } = await readTimeline();
  const times = lines.map(({ at }) => at);

  expect(hosts.map(({ host, reach }) => `${host} ${reach}`)).toEqual([
    "node-1 answers",
    "node-2 answers",
    "node-3 answers",
  ]);
  expect(lines.map(({ host, text }) => `${host}: ${text}`)).toEqual(
    expect.arrayContaining([
      "node-1: web left node-1: port 80/tcp not published for 1.8 s; node-2 took over",
      "node-2: web left node-2: drained by command; node-1 took over",
    ]),
  );
  expect(times).toEqual(times.toSorted().toReversed());
});

it("has new entries of this host at once", async () => {
  await readTimeline();
  stage.hosts[0].journal.record({ kind: "link", interface: "eth7", isUp: false });

  expect((await readTimeline()).lines[0]).toMatchObject({ host: "node-1", text: "link eth7 is down" });
});

it("says of a host that does not answer that its journal is missing", async () => {
  stage.hosts[2].stop();
  const { hosts } = await readTimeline();

  expect(hosts[2]).toMatchObject({ host: "node-3", reach: "not-reachable" });
});

it.each<{ what: string; body: string }>([
  { what: "no JSON", body: "<html>" },
  { what: "another document", body: '{"entries": 7}' },
  { what: "10 MB", body: `{"entries": [], "moves": [], "x": "${"x".repeat(10_000_000)}"}` },
])("takes $what for no journal, and shows the others", async ({ body }) => {
  const { store, url } = stage.hosts[1];
  const answer: RequestListener = ({ url: target }, response) => {
    if (target?.startsWith("/status")) response.end(JSON.stringify(store.status));
    else response.end(body);
  };
  const liar = createServer(answer).listen(0, "127.0.0.1");
  await once(liar, "listening");
  const { port } = liar.address() as AddressInfo;
  const own = stage.hosts[0].store;
  own.update({
    members: own.status.members.map((member) =>
      `${member.url}/` === url ? { ...member, url: `http://127.0.0.1:${port}` } : member,
    ),
  });
  const { hosts, lines } = await readTimeline();
  liar.close();
  liar.closeAllConnections();

  expect(hosts[1]).toMatchObject({ host: "node-2", reach: "refused", why: "it gives no journal" });
  expect(new Set(lines.map(({ host }) => host))).toEqual(new Set(["node-1"]));
});

it("gives the last entries of one journal, and the moves among them", async () => {
  const ask = async (query: string) => {
    const answer = await fetch(`${stage.hosts[0].url}journal${query}`);
    return { status: answer.status, body: await answer.text() };
  };
  const { entries, moves } = JSON.parse((await ask("?last=2")).body);

  expect(entries).toHaveLength(2);
  expect(moves).toHaveLength(1);
  expect(JSON.parse((await ask("?last=0")).body)).toEqual({ entries: [], moves: [] });
  expect((await ask("?last=x")).status).toBe(400);
});
