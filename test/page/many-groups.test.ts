/** The page with 50 groups, and with texts from outside that mean harm. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SUSPICION } from "../fixtures/status.ts";
import { DESK, PHONE, setScreen, troublesOf } from "./audit.ts";
import { Browser, isChromiumThere, type Tab } from "./browser.ts";
import { check, HEALTHY, instanceFor, minutesAgo } from "./scene.ts";
import { openStage, type Stage } from "./stage.ts";

const HOSTILE =
  "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>\u202e&amp;";
const NUMBERS = Array.from({ length: 50 }, (_, index) => index + 1);

describe.skipIf(!isChromiumThere())("the page", () => {
  let folder: string;
  let stage: Stage;
  let browser: Browser;
  let tab: Tab;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "rk-page-"));
    stage = await openStage(folder);
    for (const [index, { store }] of stage.hosts.entries()) {
      store.update({
        instances: NUMBERS.map((number) => ({
          ...instanceFor(`web-${number}`, { owner: 1 + (number % 3), self: index + 1, minutes: number }),
          vips: [`198.51.100.${100 + number}/24`],
          ...(number === 22 && index === 2 ? { state: "FAULT" } : {}),
        })),
        health: NUMBERS.map((number) => ({
          ...HEALTHY,
          group: `web-${number}`,
          isDrained: number === 8 && index === 1,
          drainedBy: number === 8 && index === 1 ? "command" : undefined,
        })),
      });
    }
    browser = await Browser.open();
    tab = await browser.openTab(stage.hosts[0].url);
    await tab.untilShown("web left node-2");
    await tab.until("/drained by command/.test(document.querySelector('[data-key=web-8]')?.innerText)");
  });
  afterAll(async () => {
    await browser?.close();
    await stage?.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 20 });
  });

  it("has 50 groups on a phone, without an endless page and without scrolling sideways", async () => {
    await setScreen(tab, PHONE, "light");
    const height = await tab.evaluate<number>("document.querySelector('#groups').offsetHeight");

    expect(height).toBeLessThan(50 * 100);
    expect(await tab.evaluate("document.documentElement.scrollHeight")).toBeLessThan(8_000);
    expect(await troublesOf(tab)).toEqual([]);
  });

  it("has them in the natural order, and the state of none in its title", async () => {
    const names = await tab.evaluate<string[]>(
      "[...document.querySelectorAll('#groups > tbody')].map(({ dataset }) => dataset.key)",
    );

    expect(names).toEqual(NUMBERS.map((number) => `web-${number}`));
    expect(await tab.evaluate("document.title")).toBe("! node-1: 1 host to look at, owns 16 of 50");
  });

  it("has a group in trouble first", async () => {
    const { store } = stage.hosts[0];
    store.update({ splitBrain: [{ ...SUSPICION, group: "web-31", since: minutesAgo(1) }] });
    await tab.until("document.querySelector('#groups > tbody').dataset.key === 'web-31'");

    expect(await tab.textOf("#count")).toBe("50, 1 in trouble");
    store.update({ splitBrain: [] });
    await tab.until("document.querySelector('#groups > tbody').dataset.key === 'web-1'");
  });

  it("keeps an open group open, and the focus on it, while others change", async () => {
    await tab.evaluate("document.querySelector('[data-key=web-40] button').focus()");
    await tab.evaluate("document.querySelector('[data-key=web-40] button').click()");
    await tab.untilShown("VRID 50");
    const { store } = stage.hosts[0];
    store.update({
      instances: store.status.instances.map((one) =>
        one.name === "web-40" ? { ...one, priority: 77 } : one,
      ),
    });
    await tab.untilShown("priority 77");

    expect(await tab.evaluate("document.activeElement.dataset.focus")).toBe("group web-40");
    expect(await tab.evaluate("document.activeElement.ariaExpanded")).toBe("true");
  });

  it("shows hostile values as text, and runs none of them", async () => {
    const [own, other] = stage.hosts;
    const instance = instanceFor(HOSTILE, { owner: 2, self: 1, minutes: 1 });
    const texts = { vips: [HOSTILE], interface: HOSTILE, state: HOSTILE, prioritySource: HOSTILE };
    const owner = { ...instance.owner!, host: HOSTILE, address: HOSTILE };
    const checks = [{ ...check("ports", HOSTILE), name: HOSTILE }];
    for (const { store } of [own, other]) {
      store.update({
        service: HOSTILE,
        instances: [{ ...instance, ...texts, owner }],
        health: [{ ...HEALTHY, group: HOSTILE, heldBy: HOSTILE, checks }],
        contradictions: [{ text: HOSTILE, since: minutesAgo(0), isLasting: true }],
        splitBrain: [{ ...SUSPICION, group: HOSTILE, text: HOSTILE, hint: HOSTILE, since: minutesAgo(0) }],
        lastEvent: { at: minutesAgo(0), text: HOSTILE },
      });
      store.reportOf("metadata").problem(new Error(HOSTILE));
    }
    own.store.update({
      host: { uuid: "u1", name: `last ${HOSTILE}` },
      members: own.store.status.members.map((member) => ({ ...member, host: HOSTILE })),
    });
    other.journal.record({ kind: "host", name: HOSTILE, uuid: HOSTILE });
    other.journal.record({ kind: "transition", group: HOSTILE, from: "MASTER", to: HOSTILE });
    own.journal.record({ kind: "link", interface: HOSTILE, isUp: false });
    await tab.until("document.querySelector('h1').innerText.startsWith('last <img')");
    await tab.until("document.querySelector('#groups > tbody').dataset.key.startsWith('<img')");
    await tab.evaluate("document.querySelector('#groups button').click()");
    await tab.until("document.querySelector('#groups .detail') !== null");
    await tab.until("/left <img/.test(document.querySelector('#story').innerText)");

    expect(await tab.evaluate("document.querySelectorAll('img, main script').length")).toBe(0);
    expect(await tab.evaluate("document.title")).toMatch(/^! last <img/);
    for (const [size, scheme] of [
      [DESK, "dark"],
      [PHONE, "light"],
    ] as const) {
      await setScreen(tab, size, scheme);
      expect(await troublesOf(tab)).toEqual([]);
    }
    expect(tab.complaints).toEqual([]);
  });
});
