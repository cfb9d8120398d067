/**
 * Looks at the page in headless Chromium (`apt-get install chromium`): writes docs/page.png, and fails where a value
 * became markup, where the policy refused anything, or where a phone would have to scroll sideways.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import pino from "pino";
import { type Board, createBoard } from "../../src/agent/board.ts";
import { serveHttp } from "../../src/agent/http.ts";
import type { Status } from "../../src/core/status.ts";
import { OWNED } from "../fixtures/status.ts";
import { Browser } from "./browser.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>";
const PHONE = { width: 390, height: 1_500 };
const DESK = { width: 1_100, height: 1_000 };

function minutesAgo(minutes: number): string {
  return new Date(Date.now() - minutes * 60_000).toISOString();
}

function check(name: string, reason: string) {
  return { name, verdict: "healthy", reason, since: minutesAgo(190), onset: minutesAgo(190) } as const;
}

const peers = ["198.51.100.12", "198.51.100.13"];
const web = {
  ...OWNED,
  name: "web",
  since: minutesAgo(12),
  vips: ["198.51.100.50/24", "198.51.100.51/24"],
  peers,
};
const db = {
  ...web,
  name: "db",
  state: "BACKUP",
  virtualRouterId: 60,
  priority: 217,
  vips: ["198.51.100.60/24"],
};
const well = { isHealthy: true, isDrained: false, drainedBy: undefined, heldBy: undefined };
const SHOWN: Partial<Status> = {
  host: { uuid: "2b6f1a8e", name: "node-1" },
  service: "lb/keepalived",
  metadata: { source: "live", version: "2aa625ad-3696-4ba5-8037-2e06380234ff", readAt: minutesAgo(2) },
  keepalived: { isRunning: true, pid: 31 },
  configuration: { appliedAt: minutesAgo(190), appliedCount: 2, rejected: undefined, lastReload: undefined },
  instances: [db, web],
  health: [
    { group: "db", ...well, checks: [check("tcp", "connected in 1 ms")] },
    {
      group: "web",
      ...well,
      checks: [check("ports", "80/tcp and 443/tcp are published"), check("http", "answered 200 in 4 ms")],
    },
  ],
};

/** Serves the board's status on a free port. @returns the port. */
async function serve(board: Board, signal: AbortSignal): Promise<number> {
  const listens = Promise.withResolvers<number>();
  const write = (line: string) => {
    const { msg, port } = JSON.parse(line);
    if (msg === "http listened") listens.resolve(port);
  };
  serveHttp({
    endpoint: { host: "127.0.0.1", port: 0 },
    pageFile: `${ROOT}templates/page.html`,
    board,
    log: pino({}, { write }),
    signal,
  });
  return listens.promise;
}

async function look(browser: Browser, size: typeof DESK, scheme: "light" | "dark"): Promise<Buffer> {
  await browser.send("Emulation.setDeviceMetricsOverride", {
    ...size,
    deviceScaleFactor: 1,
    mobile: size === PHONE,
  });
  const features = [{ name: "prefers-color-scheme", value: scheme }];
  await browser.send("Emulation.setEmulatedMedia", { features });
  const { data } = await browser.send<{ data: string }>("Page.captureScreenshot", { format: "png" });
  return Buffer.from(data, "base64");
}

/** Waits, in the page, until its text has `text`. */
async function untilShown(browser: Browser, text: string): Promise<void> {
  const isShown = `document.body?.innerText.includes(${JSON.stringify(text)})`;
  const wait = `new Promise((done) => { const look = () => ${isShown} ? done() : setTimeout(look, 20); look(); })`;
  await browser.evaluate(wait);
}

const stop = new AbortController();
const log = pino({ level: "silent" });
const board = createBoard({ version: "0.1.0", pid: 7, stateDir: "/run/x", log, publish: () => undefined });
board.update(SHOWN);
const port = await serve(board, stop.signal);
const browser = await Browser.open();
try {
  await browser.send("Page.navigate", { url: `http://127.0.0.1:${port}/` });
  await untilShown(browser, "198.51.100.60/24");
  board.update({ lastEvent: { at: minutesAgo(12), text: "web became MASTER" } });
  await untilShown(browser, "web became MASTER");
  writeFileSync(`${ROOT}docs/page.png`, await look(browser, DESK, "light"));
  const [out] = process.argv.slice(2);
  const dark = await look(browser, PHONE, "dark");
  if (out !== undefined) writeFileSync(out, dark);
  assert.ok(
    await browser.evaluate<boolean>("document.documentElement.scrollWidth <= innerWidth"),
    "scrolls sideways",
  );

  const hostile = {
    ...web,
    name: HOSTILE,
    vips: [HOSTILE],
    interface: HOSTILE,
    peers: [HOSTILE],
    state: HOSTILE,
  };
  board.update({
    host: { uuid: HOSTILE, name: `last ${HOSTILE}` },
    instances: [hostile],
    health: [{ group: HOSTILE, ...well, checks: [{ ...check("ports", HOSTILE), name: HOSTILE }] }],
    lastEvent: { at: minutesAgo(0), text: HOSTILE },
  });
  board.raise("metadata", new Error(HOSTILE));
  await untilShown(browser, "last <img");
  assert.equal(await browser.evaluate("document.querySelectorAll('img, main script').length"), 0);
  assert.match(await browser.evaluate<string>("document.title"), /^! last <img/);
  assert.deepEqual(browser.complaints, []);
} finally {
  await browser.close();
  stop.abort();
}
