/** The page in a real browser. It is looked at where Chromium is installed (`apt-get install chromium`). */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SUSPICION } from "../fixtures/status.ts";
import { DESK, PHONE, setScreen, troublesOf } from "./audit.ts";
import { Browser, isChromiumThere } from "./browser.ts";
import { check, HEALTHY, minutesAgo, openStage, type Stage, WEB } from "./stage.ts";

const HOSTILE =
  "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>\u202e&amp;";

describe.skipIf(!isChromiumThere())("the page", () => {
  const stop = new AbortController();
  let folder: string;
  let stage: Stage;
  let browser: Browser;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "rk-page-"));
    stage = await openStage(folder, stop.signal);
    browser = await Browser.open();
    await browser.goTo(stage.url);
    await browser.untilShown("198.51.100.60/24");
    await browser.untilShown("web left node-1");
  });
  afterAll(async () => {
    await browser?.close();
    stop.abort();
    await stage?.journal.close();
    await rm(folder, { recursive: true, force: true });
  });
  const textOf = (selector: string) =>
    browser.evaluate<string>(`document.querySelector(${JSON.stringify(selector)}).innerText`);

  it("shows who owns each VIP, the state of each host, and the verdict of each check", async () => {
    const wordsOf = async (selector: string) => (await textOf(selector)).replaceAll(/\s+/g, " ");
    const db = await wordsOf("[aria-label='Group db']");
    const web = await wordsOf("[aria-label='Group web']");

    expect(db).toContain("Another host owns these addresses; this host is ready to take over (for 3 h).");
    expect(web).toContain("198.51.100.50/24 198.51.100.51/24 This host owns these addresses (for 12 min).");
    expect(web).toContain("priority 240, keepalived.priority (host label)");
    expect(web).toContain(
      "node-1 (this one) 198.51.100.11 MASTER node-2 198.51.100.12 running node-3 198.51.100.13 Rancher cannot reach it",
    );
    expect(web).toContain("80/tcp and 443/tcp are published");
    expect(await textOf("#overall")).toBe("well");
  });

  it("shows why the VIP moved, the newest first, and each move instead of its transition", async () => {
    const story = await textOf("#story");

    expect(story).toMatch(/web came to node-1 at [\d:]{8}: its owner gave it up[\s\S]*web left node-1/);
    expect(story).toMatch(/web left node-1 at [\d:]{8}: port 80\/tcp not published for \d\.\d s/);
    expect(story).not.toContain("MASTER -> FAULT");
    expect(story).toContain("label keepalived.priority changed");
  });

  it("updates while it is open, and shows only moves when that is chosen", async () => {
    stage.journal.record({ kind: "link", interface: "eth7", isUp: false });
    await browser.untilShown("link eth7 is down");
    await browser.evaluate("document.querySelector('#only-moves').click()");
    const moves = await textOf("#story");
    await browser.evaluate("document.querySelector('#only-moves').click()");

    expect(moves).toContain("web left node-1");
    expect(moves).not.toContain("link eth7 is down");
    expect(await textOf("#story")).toContain("link eth7 is down");
  });

  it("has its checkbox and links in the order of the Tab key", async () => {
    const reached: string[] = [];
    for (let press = 0; press < 6; press += 1) {
      for (const type of ["keyDown", "keyUp"]) {
        await browser.send("Input.dispatchKeyEvent", {
          type,
          key: "Tab",
          code: "Tab",
          windowsVirtualKeyCode: 9,
        });
      }
      reached.push(
        await browser.evaluate<string>("document.activeElement.id || document.activeElement.innerText"),
      );
    }

    expect(reached).toEqual(["only-moves", "JSON", "journal", "metrics", "healthz", "readyz"]);
  });

  it("is not well while a contradiction lasts, and names it", async () => {
    const text = "web is MASTER without 198.51.100.50 on eth0";
    stage.store.update({ contradictions: [{ text, since: minutesAgo(1), isLasting: true }] });
    await browser.untilShown(text);

    expect(await textOf("#overall")).toBe("not well");
    stage.store.update({ contradictions: [] });
    await browser.untilShown("well");
  });

  it("is not green while another owner is suspected, and says what to do", async () => {
    stage.store.update({ splitBrain: [{ ...SUSPICION, group: "web", since: minutesAgo(1) }] });
    await browser.untilShown("split brain suspected");
    const colourOf = (selector: string) =>
      browser.evaluate<string>(`getComputedStyle(document.querySelector(${JSON.stringify(selector)})).color`);
    const green = await colourOf("[aria-label='Group web'] td .good");

    expect(await textOf("#problems")).toContain(SUSPICION.hint);
    expect(await textOf("[aria-label='Group web']")).toContain("Another host may own them, too.");
    for (const badge of ["#overall", "[aria-label='Group web'] .head .badge"])
      expect(await colourOf(badge)).not.toBe(green);
    expect(await browser.evaluate("document.title")).toMatch(/^! /);
    stage.store.update({ splitBrain: [] });
    await browser.untilShown("well");
  });

  const screens = [
    { name: "a desk by day", size: DESK, scheme: "light" },
    { name: "a desk by night", size: DESK, scheme: "dark" },
    { name: "a phone by day", size: PHONE, scheme: "light" },
    { name: "a phone by night", size: PHONE, scheme: "dark" },
  ] as const;

  it.each(screens)("is readable on $name", async ({ size, scheme }) => {
    await setScreen(browser, size, scheme);

    expect(await troublesOf(browser)).toEqual([]);
  });

  it("shows hostile values as text, and runs none of them", async () => {
    const { store, journal } = stage;
    const health = [
      {
        ...HEALTHY,
        group: HOSTILE,
        drainedBy: HOSTILE,
        checks: [{ ...check("ports", HOSTILE), name: HOSTILE }],
      },
    ];
    const vips = [HOSTILE];
    store.update({
      host: { uuid: HOSTILE, name: `last ${HOSTILE}` },
      service: HOSTILE,
      instances: [
        {
          ...WEB,
          name: HOSTILE,
          vips,
          interface: HOSTILE,
          peers: [HOSTILE],
          state: HOSTILE,
          source: HOSTILE,
          prioritySource: HOSTILE,
        },
      ],
      members: [{ host: HOSTILE, uuid: HOSTILE, addresses: [HOSTILE], presence: "running" }],
      health,
      contradictions: [{ text: HOSTILE, since: minutesAgo(0), isLasting: true }],
      splitBrain: [{ ...SUSPICION, group: HOSTILE, text: HOSTILE, hint: HOSTILE, since: minutesAgo(0) }],
      lastEvent: { at: minutesAgo(0), text: HOSTILE },
    });
    store.reportOf("metadata").problem(new Error(HOSTILE));
    journal.record({ kind: "host", name: HOSTILE, uuid: HOSTILE });
    journal.record({
      kind: "check",
      group: HOSTILE,
      check: HOSTILE,
      verdict: "unhealthy",
      reason: HOSTILE,
      onset: minutesAgo(0),
    });
    journal.record({ kind: "transition", group: HOSTILE, from: "MASTER", to: HOSTILE });
    await browser.untilShown("last <img");
    await browser.untilShown(" left <img");

    expect(await browser.evaluate("document.querySelectorAll('img, main script').length")).toBe(0);
    expect(await browser.evaluate("document.title")).toMatch(/^! last <img/);
    for (const { size, scheme } of screens) {
      await setScreen(browser, size, scheme);
      expect(await troublesOf(browser)).toEqual([]);
    }
  });

  it("violated no Content-Security-Policy, and threw no error", () => {
    expect(browser.complaints).toEqual([]);
  });
});
