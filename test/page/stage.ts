/** Three hosts whose agents serve their pages and ask each other: what the page has to show. */
import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pino from "pino";
import { openHttp } from "../../src/http/io/http.ts";
import type { JournalEntry } from "../../src/journal/event.ts";
import { type Journal, openJournal } from "../../src/journal/io/journal.ts";
import type { MemberStatus } from "../../src/metadata/member-status.ts";
import { createStatusStore, type StatusStore } from "../../src/status/io/store.ts";
import type { Status } from "../../src/status/status.ts";
import { NIGHT_OF_NODE_1, NIGHT_OF_NODE_2 } from "./night.ts";
import { statusOfHost } from "./scene.ts";

const PAGE = fileURLToPath(new URL("../../templates/page", import.meta.url));

export interface StageHost {
  readonly name: string;
  readonly store: StatusStore;
  readonly journal: Journal;
  /** Its page. */
  readonly url: string;
  /** Ends its server, as when its HTTP is not open. */
  readonly stop: () => void;
}

export interface Stage {
  /** node-1, whose page is looked at, node-2 and node-3. */
  readonly hosts: readonly [StageHost, StageHost, StageHost];
  readonly close: () => Promise<void>;
}

/** Serves the pages of three hosts on this one until the stage is closed. */
export async function openStage(folder: string): Promise<Stage> {
  // one moment for all journals: their order does not depend on how long a host takes to open
  const nowMs = Date.now();
  const hosts = [
    await openHost(folder, 1, NIGHT_OF_NODE_1(nowMs)),
    await openHost(folder, 2, NIGHT_OF_NODE_2(nowMs)),
    await openHost(folder, 3, []),
  ] as const;
  for (const [index, { store }] of hosts.entries()) {
    store.update({ ...statusOfHost(index + 1), members: membersFor(hosts, index) });
  }
  return {
    hosts: [hosts[0], hosts[1], hosts[2]],
    close: async () => {
      for (const { stop } of hosts) stop();
      await Promise.all(hosts.map(({ journal }) => journal.close()));
    },
  };
}

/** What the host at that index has from metadata about the others. */
function membersFor(hosts: readonly StageHost[], own: number): MemberStatus[] {
  return hosts.flatMap(({ name, url }, index) => {
    if (index === own) return [];
    const addresses = [`198.51.100.1${index + 1}`];
    return [
      { host: name, uuid: `u${index + 1}`, addresses, presence: "running", url: url.replace(/\/$/, "") },
    ];
  });
}

async function openHost(
  folder: string,
  number: number,
  entries: readonly JournalEntry[],
): Promise<StageHost> {
  const name = `node-${number}`;
  const stateDir = join(folder, name);
  mkdirSync(stateDir);
  const lines = entries.map((entry) => JSON.stringify(entry));
  appendFileSync(join(stateDir, "journal.jsonl"), lines.map((line) => `${line}\n`).join(""));
  const stop = new AbortController();
  const silent = pino({ level: "silent" });
  const journal = await openJournal(stateDir, silent);
  const store = createStatusStore({
    version: "0.1.0",
    pid: 7,
    stateDir,
    log: silent,
    publish: (_status: Status) => undefined,
  });
  const listens = Promise.withResolvers<number>();
  const write = (line: string) => {
    const { msg, port } = JSON.parse(line);
    if (msg === "HTTP server listening") listens.resolve(port);
  };
  openHttp({
    endpoint: { host: "127.0.0.1", port: 0 },
    hostName: name,
    pageFolder: PAGE,
    store,
    report: store.reportOf("http"),
    journal,
    // a loaded machine may be slow, and each host answers or refuses
    askTimeoutMs: 30_000,
    log: pino({}, { write }),
    signal: stop.signal,
  });
  const url = `http://127.0.0.1:${await listens.promise}/`;
  return { name, store, journal, url, stop: () => stop.abort() };
}
