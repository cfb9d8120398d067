/** The page of a running agent, in a browser on its host, while the VIP moves. */
import { expect, it } from "vitest";
import { Browser, isChromiumThere } from "../page/browser.ts";
import { inNamespace } from "./lab/command.ts";
import { calm, startAll, useLab, VIP } from "./scenario.ts";

const used = useLab({ hosts: 2 });

it.skipIf(!isChromiumThere())("shows live who owns the VIP, and why it left (needs Chromium)", async () => {
  const { lab } = used;
  await Promise.all(lab.hosts.map((host) => host.publishPorts([{ port: 80, protocol: "tcp" }])));
  await startAll(lab, { CHECK_PORT: "80" });
  const owner = await calm(lab);
  const browser = await Browser.open((command) => inNamespace(command, owner.namespace));
  try {
    await browser.goTo("http://127.0.0.1:9650/");
    await browser.untilShown("This host owns these addresses");
    await browser.untilShown(VIP);
    await owner.publishPorts([]);
    await browser.untilShown("This host is barred from these addresses");
    await browser.untilShown(`main left ${owner.name} at`);
    await browser.untilShown("took over");
    const story = await browser.evaluate<string>("document.querySelector('#story li.left').innerText");

    expect(story).toMatch(
      /main left h\d at [\d:]{8}: port 80\/tcp not published for \d\.\d s; h\d took over$/,
    );
    expect(browser.complaints).toEqual([]);
  } finally {
    await browser.close();
  }
});
