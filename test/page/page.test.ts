/** The page of one of three hosts, in a real browser. It is looked at where Chromium is installed (`apt-get install chromium`). */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AgentError } from "../../src/errors.ts";
import { SUSPICION } from "../fixtures/status.ts";
import { DESK, PHONE, setScreen, troublesOf } from "./audit.ts";
import { Browser, isChromiumThere, type Tab } from "./browser.ts";
import { instanceFor, minutesAgo, ownerFor } from "./scene.ts";
import { openStage, type Stage } from "./stage.ts";

const SCREENS = [
  { name: "a desk by day", size: DESK, scheme: "light" },
  { name: "a desk by night", size: DESK, scheme: "dark" },
  { name: "a phone by day", size: PHONE, scheme: "light" },
  { name: "a phone by night", size: PHONE, scheme: "dark" },
] as const;

describe.skipIf(!isChromiumThere())("the page", () => {
  let folder: string;
  let stage: Stage;
  let browser: Browser;
  let tab: Tab;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "rk-page-"));
    stage = await openStage(folder);
    browser = await Browser.open();
    tab = await browser.openTab(stage.hosts[0].url);
    await tab.untilShown("80/tcp: port-not-published");
    await tab.untilShown("web left node-2");
  });
  afterAll(async () => {
    await browser?.close();
    await stage?.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 20 });
  });
  const wordsOf = async (selector: string) => (await tab.textOf(selector)).replaceAll(/\s+/g, " ").trim();

  it("names the owner of each group, and who can take over and who cannot", async () => {
    const [db, web] = [await wordsOf("#groups [data-key=db]"), await wordsOf("#groups [data-key=web]")];

    expect(db).toBe("db 198.51.100.60/24 node-2 for 3 h node-3 node-1");
    expect(web).toMatch(
      /^web 198.51.100.50\/24 198.51.100.51\/24 node-1 \(this host\) for 1\d min node-2 node-3: ports: 80\/tcp: port-not-published$/,
    );
  });

  it("has what each host says of a group on demand", async () => {
    await tab.evaluate("document.querySelector('[data-key=web] button').click()");
    await tab.untilShown("VRID 50");
    const details = await wordsOf("#groups [data-key=web] .detail");
    await tab.evaluate("document.querySelector('[data-key=web] button').click()");
    await tab.until("document.querySelector('.detail') === null");

    expect(details).toMatch(/node-1 \(this host\) MASTER for 1\d min, priority 240/);
    expect(details).toContain("node-3 FAULT");
    expect(details).toContain("ports unhealthy 80/tcp: port-not-published http healthy answered 200 in 4 ms");
    expect(details).toContain("priority 240 (keepalived.priority (host label))");
  });

  it("leads to the page of each other host", async () => {
    const links = await tab.evaluate<string[]>(
      "[...document.querySelectorAll('#hosts a')].map((link) => link.href)",
    );

    expect(links).toEqual([stage.hosts[1].url, stage.hosts[2].url]);
  });

  it("says how each host is, and is not green while one of them is not well", async () => {
    expect(await wordsOf("#hosts")).toMatch(/node-1 .* well owns 1.* node-2 .* well .* node-3 .* not well/);
    expect(await tab.textOf("#overall")).toBe("1 host to look at");
    expect(await tab.evaluate("document.body.className")).toBe("is-warn");
    expect(await tab.evaluate("document.title")).toBe("! node-1: 1 host to look at, owns 1 of 2");
  });

  it("shows what happened on all hosts in one list, each move with its reason", async () => {
    const story = await wordsOf("#story");

    expect(story).toMatch(
      /node-1 web came to node-1: its owner gave it up [\d:]{8} node-2 web left node-2: drained by command; node-1 took over/,
    );
    expect(story).toContain("node-1 web left node-1: port 80/tcp not published for 1.8 s; node-2 took over");
    expect(story).not.toContain("MASTER");
  });

  it("updates while it is open, and shows only moves when that is chosen", async () => {
    stage.hosts[0].journal.record({ kind: "link", interface: "eth7", isUp: false });
    await tab.untilShown("link eth7 is down");
    await tab.evaluate("document.querySelector('#only-moves').click()");
    await tab.until("!document.body.innerText.includes('link eth7 is down')");

    expect(await tab.textOf("#story")).toContain("web left node-1");
    await tab.evaluate("document.querySelector('#only-moves').click()");
    await tab.untilShown("link eth7 is down");
  });

  it("filters groups and what happened by what is typed", async () => {
    await tab.evaluate("document.querySelector('#filter').focus()");
    await tab.send("Input.insertText", { text: "DB" });
    await tab.until("document.querySelectorAll('#groups tbody').length === 1");

    expect(await tab.textOf("#count")).toBe("1 of 2");
    expect(await tab.textOf("#story")).not.toContain("web left");
    expect(await tab.evaluate("location.search")).toBe("?filter=DB");
    await tab.evaluate(
      "{ const filter = document.querySelector('#filter'); filter.value = ''; filter.dispatchEvent(new Event('input')); }",
    );
    await tab.until("document.querySelectorAll('#groups tbody').length === 2");
  });

  it("can be used by keyboard alone, in the order of the page", async () => {
    const reached: string[] = [];
    await tab.evaluate("document.querySelector('nav a').focus()");
    for (let press = 0; press < 10; press += 1) {
      for (const type of ["keyDown", "keyUp"]) {
        const key = { key: "Tab", code: "Tab", windowsVirtualKeyCode: 9 };
        await tab.send("Input.dispatchKeyEvent", { type, ...key });
      }
      reached.push(
        await tab.evaluate<string>("document.activeElement.id || document.activeElement.innerText"),
      );
    }

    expect(reached.join(" ")).toBe("Hosts What happened copy filter db node-2 web node-2 node-3 only-moves");
  });

  it("copies all that it shows as text", async () => {
    await tab.evaluate("document.querySelector('#copy').click()");
    await tab.untilShown("Copied");
    await tab.evaluate(
      "{ const area = document.createElement('textarea'); area.id = 'paste'; document.body.append(area); area.focus(); }",
    );
    await tab.send("Input.dispatchKeyEvent", {
      type: "keyDown",
      commands: ["paste"],
      key: "v",
      code: "KeyV",
      modifiers: 2,
    });
    await tab.until("document.querySelector('#paste').value !== ''");
    const text = await tab.evaluate<string>(
      "{ const area = document.querySelector('#paste'); area.remove(); area.value; }",
    );

    expect(text).toMatch(/^rancher-keepalived, as node-1 sees it at \S+: 1 host to look at\n/);
    expect(text).toMatch(
      /\nweb {2}198.51.100.50\/24 198.51.100.51\/24 {2}owner node-1 since \S+; can take over: node-2; cannot: node-3 \(ports: 80\/tcp: port-not-published\)\n/,
    );
    expect(text).toContain("node-2: web left node-2: drained by command; node-1 took over");
  });

  it("names a new owner at once, on the page of each host", async () => {
    const tabs = [await browser.openTab(stage.hosts[1].url), await browser.openTab(stage.hosts[2].url)];
    for (const each of tabs) await each.untilShown("198.51.100.60/24");
    const before = stage.hosts.map(({ store }) => store.status.instances);
    for (const [index, { store }] of stage.hosts.entries()) {
      const news = instanceFor("db", { owner: 1, self: index + 1, minutes: 0 });
      const change = { state: news.state, since: news.since, owner: news.owner };
      store.update({
        instances: store.status.instances.map((one) => (one.name === "db" ? { ...one, ...change } : one)),
      });
    }
    for (const each of [tab, ...tabs]) {
      await each.until("/node-1/.test(document.querySelector('[data-key=db] td').innerText)");
    }
    for (const [index, { store }] of stage.hosts.entries()) store.update({ instances: before[index]! });
    for (const each of [tab, ...tabs]) {
      await each.until("/node-2/.test(document.querySelector('[data-key=db] td').innerText)");
    }
    for (const each of tabs) expect(each.complaints).toEqual([]);
  });

  it("names a problem with the next step, and leads to the documentation of its code", async () => {
    const report = stage.hosts[1].store.reportOf("keepalived");
    report.problem(new AgentError("KEEPALIVED_EXITED", "keepalived ended by SIGKILL"));
    await tab.untilShown("keepalived ended by SIGKILL");
    const href = await tab.evaluate<string>("document.querySelector('#problem-list a').href");

    expect(await wordsOf("#problem-list")).toContain(
      "node-2: KEEPALIVED_EXITED: keepalived ended by SIGKILL",
    );
    expect(href).toBe(`${stage.hosts[0].url}errors#KEEPALIVED_EXITED`);
    const documentation = await browser.openTab(href);
    await documentation.until("document.querySelector(':target')?.innerText.includes('KEEPALIVED_EXITED')");
    await setScreen(documentation, PHONE, "dark");
    expect(await troublesOf(documentation)).toEqual([]);
    expect(documentation.complaints).toEqual([]);
    report.ok();
    await tab.until("document.querySelector('#problems').hidden");
  });

  it("is not well while a contradiction lasts, and names it", async () => {
    const text = "web is MASTER without 198.51.100.50 on eth0";
    stage.hosts[0].store.update({ contradictions: [{ text, since: minutesAgo(1), isLasting: true }] });
    await tab.untilShown(text);

    expect(await tab.textOf("#overall")).toBe("not well");
    stage.hosts[0].store.update({ contradictions: [] });
    await tab.untilShown("1 host to look at");
  });

  it("is not green while another owner is suspected, and says what to do", async () => {
    stage.hosts[0].store.update({ splitBrain: [{ ...SUSPICION, group: "web", since: minutesAgo(1) }] });
    await tab.untilShown("split brain suspected");
    const web = await wordsOf("#groups [data-key=web]");

    expect(await tab.textOf("#problems")).toContain(SUSPICION.hint);
    expect(web).toContain("another host may own it, too");
    expect(await tab.evaluate("document.body.className")).toBe("is-bad");
    expect(await tab.evaluate("document.querySelector('#groups tbody').dataset.key")).toBe("web");
    expect(await tab.evaluate("document.querySelector('#groups tbody').className")).toBe("is-bad");
    expect(await tab.evaluate("document.title")).toMatch(/^! /);
    stage.hosts[0].store.update({ splitBrain: [] });
    await tab.untilShown("1 host to look at");
  });

  it("says since when no owner is heard, and that nobody owns the group", async () => {
    const { store } = stage.hosts[0];
    const before = store.status.instances;
    const [web, db] = before;
    const noOwner = { since: minutesAgo(1), text: "none heard since 03:14:07 UTC" };
    for (const { store: each } of stage.hosts.slice(1)) each.update({ instances: [] });
    store.update({ instances: [web!, { ...db!, owner: undefined, noOwner }] });
    await tab.untilShown("nobody");

    expect(await wordsOf("#groups [data-key=db]")).toMatch(/no owner: none heard since [\d:]{8} UTC/);
    expect(await tab.textOf("#overall")).toBe("1 group in trouble");
    store.update({ instances: [web!, { ...db!, owner: ownerFor(2, 1, 3) }] });
    await tab.until("/node-2/.test(document.querySelector('[data-key=db] td').innerText)");
  });

  it.each(SCREENS)("is for everybody on $name", async ({ size, scheme }) => {
    await setScreen(tab, size, scheme);
    await tab.evaluate("document.querySelector('[data-key=web] button').click()");
    await tab.untilShown("VRID 50");

    expect(await troublesOf(tab)).toEqual([]);
    await tab.evaluate("document.querySelector('[data-key=web] button').click()");
  });

  it("violated no Content-Security-Policy, and threw no error", () => {
    expect(tab.complaints).toEqual([]);
  });
});
