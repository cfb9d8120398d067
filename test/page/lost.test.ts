/** The page while its agent, or the agents of the other hosts, cannot be heard. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DESK, PHONE, setScreen, troublesOf } from "./audit.ts";
import { Browser, isChromiumThere, type Tab } from "./browser.ts";
import { type Cable, openCable } from "./cable.ts";
import { openStage, type Stage } from "./stage.ts";

describe.skipIf(!isChromiumThere())("the page", () => {
  let folder: string;
  let stage: Stage;
  let browser: Browser;
  let tab: Tab;
  let cable: Cable;
  beforeAll(async () => {
    browser = await Browser.open();
  });
  afterAll(async () => {
    await browser?.close();
  });
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "rk-page-"));
    stage = await openStage(folder);
    cable = await openCable(Number(new URL(stage.hosts[0].url).port));
    tab = await browser.openTab(`http://127.0.0.1:${cable.port}/`);
    await tab.untilShown("80/tcp: port-not-published");
    await tab.untilShown("web left node-2");
  });
  afterEach(async () => {
    cable?.close();
    await stage?.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 20 });
  });

  /** Nothing that may have changed is shown as it was, in words or by colour. */
  async function expectNothingCurrent(): Promise<void> {
    const [groups, hosts] = [await tab.textOf("#groups"), await tab.textOf("#hosts")];
    expect(await tab.evaluate("document.title")).toBe("? node-1: not known");
    expect(await tab.evaluate("document.body.className")).toBe("is-lost");
    expect(await tab.textOf("#overall")).toBe("not known");
    expect(groups.match(/not known/g)).toHaveLength(2);
    expect(hosts.match(/not known/g)).toHaveLength(3);
    expect(`${groups} ${hosts}`).not.toMatch(/well|for \d+|can take over|port-not-published/);
    expect(await tab.evaluate("document.body.innerText")).not.toContain("MASTER");
    expect(await tab.evaluate("document.querySelectorAll('main :is(.badge.good, .is-good)').length")).toBe(0);
  }

  it("says so when the agent has been silent for 20 s, and is current again at its next word", async () => {
    await tab.evaluate("document.querySelector('[data-key=web] button').click()");
    await tab.untilShown("MASTER");
    cable.cut();
    // the page's own clock goes on by those 20 s
    await tab.evaluate("{ window.realNow = Date.now; Date.now = () => window.realNow() + 20_001; }");
    await tab.untilShown("Nothing heard from the agent since");

    await expectNothingCurrent();
    for (const [size, scheme] of [
      [DESK, "light"],
      [PHONE, "dark"],
    ] as const) {
      await setScreen(tab, size, scheme);
      expect(await troublesOf(tab)).toEqual([]);
    }
    cable.mend();
    await tab.evaluate("{ Date.now = window.realNow; }");
    stage.hosts[0].store.update({ service: "lb/other" });
    await tab.untilShown("lb/other");
    await tab.until("document.body.className === 'is-warn'");
    expect(await tab.textOf("#groups")).toContain("MASTER");
  });

  it("says so at once when the agent ends, and leads to the hosts that answered", async () => {
    stage.hosts[0].stop();
    await tab.untilShown("Nothing heard from the agent since");

    await expectNothingCurrent();
    const links = await tab.evaluate<string[]>(
      "[...document.querySelectorAll('#hosts a')].map((link) => link.href)",
    );
    expect(links).toEqual([stage.hosts[1].url, stage.hosts[2].url]);
  });

  it("says once how to open HTTP where no other host answers, and takes that for no trouble", async () => {
    for (const { stop } of stage.hosts.slice(1)) stop();
    await tab.untilShown("This page shows what node-1 knows.");
    stage.hosts[0].journal.record({ kind: "link", interface: "eth7", isUp: false });
    await tab.untilShown("Not from node-2, node-3.");

    expect(await tab.textOf("#notice")).toContain("HTTP_LISTEN");
    expect(await tab.textOf("#overall")).toBe("well here");
    expect(await tab.textOf("#groups [data-key=db]")).toContain("node-2");
    expect(
      await tab.evaluate("document.querySelectorAll('#groups :is(.is-warn, .is-bad, .says-warn)').length"),
    ).toBe(0);
    expect(await tab.evaluate("document.body.innerText.match(/HTTP_LISTEN of/g).length")).toBe(2);
    expect(await troublesOf(tab)).toEqual([]);
  });

  it("names a host that does not answer while another one does", async () => {
    stage.hosts[2].stop();
    await tab.until("/does not answer/.test(document.querySelector('#hosts').innerText)");

    expect(await tab.textOf("#overall")).toBe("1 host to look at");
    expect(await tab.textOf("#hosts")).toMatch(/node-3[\s\S]*does not answer[\s\S]*nothing listens there/);
    expect(await tab.textOf("#groups [data-key=web]")).toContain("node-3: does not answer");
    expect(await tab.evaluate("document.querySelector('#notice').hidden")).toBe(true);
  });
});
