/** The pages of three hosts, in a browser on a machine of the LAN, while the VIP moves and a host is cut off. */
import { expect, it } from "vitest";
import { Browser, isChromiumThere } from "../page/browser.ts";
import { inNamespace } from "./lab/command.ts";
import { calm, startAll, useLab, VIP } from "./scenario.ts";

const used = useLab({ hosts: 3 });

const ownerShown = (name: string) =>
  `document.querySelector("[data-key=main] td")?.innerText.includes(${JSON.stringify(name)})`;

it.skipIf(!isChromiumThere())(
  "name the owner, and show nothing as current of a host that is cut off",
  async () => {
    const { lab } = used;
    await Promise.all(lab.hosts.map((host) => host.publishPorts([{ port: 80, protocol: "tcp" }])));
    await startAll(lab, { CHECK_PORT: "80", HTTP_LISTEN: "0.0.0.0:9650" });
    const owner = await calm(lab);
    const browser = await Browser.open((command) => inNamespace(command, lab.clientNamespace));
    try {
      const pages = new Map(
        await Promise.all(
          lab.hosts.map(
            async (host) => [host, await browser.openTab(`http://${host.address}:9650/`)] as const,
          ),
        ),
      );
      const all = [...pages.values()];
      for (const page of all) {
        await page.untilShown(VIP);
        await page.until(ownerShown(owner.name));
      }
      await owner.publishPorts([]);
      for (const page of all) await page.until(`!(${ownerShown(owner.name)})`);
      for (const page of all) {
        await page.untilShown(`main left ${owner.name}: port 80/tcp not published`);
        await page.untilShown("took over");
      }
      const successor = await calm(
        lab,
        [...pages.keys()].filter((host) => host !== owner),
      );
      for (const page of all) await page.until(ownerShown(successor.name));
      for (const page of all) expect(page.complaints).toEqual([]);

      // it goes on as owner for itself, and no one hears it
      await successor.setLink("down", "wire");
      const cut = pages.get(successor)!;
      // the page's own clock goes on by 15 of the 20 s that an agent may be silent
      await cut.evaluate("{ const now = Date.now; Date.now = () => now() + 15_000; }");
      await cut.untilShown("Nothing heard from the agent");
      const [groups, hosts] = [await cut.textOf("#groups"), await cut.textOf("#hosts")];

      expect(groups).toContain("not known");
      expect(`${groups} ${hosts}`).not.toMatch(/\bwell\b|can take over/);
      expect(await cut.evaluate("document.body.innerText")).not.toContain("MASTER");
      expect(await cut.evaluate("document.title")).toBe(`? ${successor.name}: not known`);
      expect(await cut.evaluate("document.body.className")).toBe("is-lost");
    } finally {
      await browser.close();
    }
  },
);
