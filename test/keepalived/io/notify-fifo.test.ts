import { lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type NotifyFifo, openNotifyFifo } from "../../../src/keepalived/io/notify-fifo.ts";

let dir: string;
let file: string;
let fifo: NotifyFifo | undefined;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "vrrp-fifo-"));
  file = path.join(dir, "vrrp.fifo");
});
afterEach(async () => {
  fifo?.close();
  fifo = undefined;
  await rm(dir, { recursive: true, force: true, maxRetries: 20 });
});

async function open(): Promise<NotifyFifo> {
  fifo = await openNotifyFifo(file);
  return fifo;
}

async function take(events: AsyncIterable<unknown>, count: number): Promise<unknown[]> {
  const taken: unknown[] = [];
  for await (const event of events) {
    taken.push(event);
    if (taken.length === count) break;
  }
  return taken;
}

it("transitions come in order, from writers that come and go, with garbage between them", async () => {
  const { transitions: events } = await open();
  await writeFile(file, 'INSTANCE "main" BACKUP 240\nnonsense\n');
  await writeFile(file, 'INSTANCE "main" MAST');
  await writeFile(file, 'ER 240\nINSTANCE "web" FAULT 200\n');

  expect(await take(events, 3)).toEqual([
    { instance: "main", state: "BACKUP", priority: 240 },
    { instance: "main", state: "MASTER", priority: 240 },
    { instance: "web", state: "FAULT", priority: 200 },
  ]);
});

it("a FIFO that keepalived made before is used, for root only", async () => {
  (await open()).close();
  const { ino } = await stat(file);

  await open();

  const now = await stat(file);
  expect(now.ino).toBe(ino);
  expect(now.isFIFO()).toBe(true);
  expect(now.mode & 0o777).toBe(0o600);
});

it("a file of another kind is replaced", async () => {
  await writeFile(file, "not a FIFO");

  await open();

  expect((await stat(file)).isFIFO()).toBe(true);
});

it("a link is replaced, and what it leads to stays as it is", async () => {
  const target = path.join(dir, "precious");
  await writeFile(target, "precious", { mode: 0o644 });
  await symlink(target, file);

  await open();

  expect((await lstat(file)).isFIFO()).toBe(true);
  expect(await readFile(target, "utf8")).toBe("precious");
  expect((await stat(target)).mode & 0o777).toBe(0o644);
});

it("a place that cannot hold a FIFO is an error with the place's name", async () => {
  await mkdir(file);

  await expect(open()).rejects.toMatchObject({
    code: "STATE_UNREADABLE",
    message: expect.stringContaining(file),
  });
});

it("close() ends a wait for events and leaves no descriptor open", async () => {
  const before = (await readdir("/proc/self/fd")).length;
  const { transitions: events, close } = await open();
  const waiting = take(events, 1);

  close();

  expect(await waiting).toEqual([]);
  await expect.poll(async () => (await readdir("/proc/self/fd")).length).toBeLessThanOrEqual(before);
});

it.each([
  { what: "deleted", harm: () => rm(file) },
  { what: "replaced by a file", harm: () => rm(file).then(() => writeFile(file, "")) },
])("where it was $what, it is made anew, and the events go on", async ({ harm }) => {
  const { transitions: events, restore: renew } = await open();
  await writeFile(file, 'INSTANCE "main" BACKUP 240\n');
  const taken: unknown[] = [];
  const reading = (async () => {
    for await (const event of events) {
      taken.push(event);
      if (taken.length === 2) return;
    }
  })();
  await expect.poll(() => taken.length).toBe(1);
  await harm();

  await renew();
  await writeFile(file, 'INSTANCE "main" MASTER 240\n');

  await reading;
  expect(taken).toMatchObject([{ state: "BACKUP" }, { state: "MASTER" }]);
});

it("where it is intact, it stays the same", async () => {
  const { restore: renew } = await open();
  const { ino } = await stat(file);

  await renew();

  expect((await stat(file)).ino).toBe(ino);
});
