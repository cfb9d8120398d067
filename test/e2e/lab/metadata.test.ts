import { describe, expect, it, onTestFinished } from "vitest";
import { createBareLab } from "./bare-lab.ts";
import type { Host } from "./host.ts";
import type { Lab, LabOptions } from "./lab.ts";
import { addContainer, removeHost, setLabel, stopContainer } from "./metadata-changes.ts";
import type { MetadataDocument } from "./metadata-document.ts";
import { requirements } from "./requirements.ts";

const missing = requirements();
const { CI } = process.env;
if (missing !== undefined && CI !== undefined) throw new Error(missing);

/** Prints the body of the page, or the code of the failure. */
const FETCH = `
fetch("http://169.254.169.250/", { signal: AbortSignal.timeout(Number(process.argv[1])) }).then((response) => response.text())
  .catch((error) => JSON.stringify({ failed: error.cause?.code ?? error.name }))
  .then((text) => process.stdout.write(text, () => process.exit()));
`;

interface Page {
  readonly client?: string;
  readonly answers?: MetadataDocument & { readonly self: { readonly host: string } };
  readonly failed?: string;
}

async function newLab(options: Partial<LabOptions> = {}): Promise<Lab> {
  const lab = await createBareLab(options);
  onTestFinished(() => lab.destroy());
  return lab;
}

async function ask(host: Host, timeoutMs = 30_000): Promise<Page> {
  return JSON.parse(await host.run([process.execPath, "-e", FETCH, String(timeoutMs)])) as Page;
}

describe.skipIf(missing !== undefined)(`metadata in the lab ${missing ?? ""}`, () => {
  it("is served to each host by a service of its own, which sees docker0's address", async () => {
    const lab = await newLab();
    const [first, second] = lab.metadata.document.hosts;

    const pages = await Promise.all(lab.hosts.map((host) => ask(host)));

    expect(pages).toMatchObject([
      { client: "172.17.0.1", answers: { self: { host: first!.uuid } } },
      { client: "172.17.0.1", answers: { self: { host: second!.uuid } } },
    ]);
  });

  it("changes for some hosts before the others, which learn of it with the next publication", async () => {
    const lab = await newLab();
    const labels = async (): Promise<unknown[]> => {
      const pages = await Promise.all(lab.hosts.map((host) => ask(host)));
      return pages.map((page) => page.answers?.hosts[0]?.labels);
    };

    lab.metadata.publish((document) => setLabel(document, "h1", { name: "drain", value: "true" }), {
      only: ["h2"],
    });
    const early = await labels();
    lab.metadata.publish(() => {});
    const late = await labels();

    expect(early).toEqual([{}, { drain: "true" }]);
    expect(late).toEqual([{ drain: "true" }, { drain: "true" }]);
  });

  it("tells what becomes of containers and hosts", async () => {
    const lab = await newLab();
    const host = lab.host("h2");

    lab.metadata.publish((document) => {
      stopContainer(document, "h2");
      addContainer(document, "h2");
    });
    const upgraded = await ask(host);
    lab.metadata.publish((document) => removeHost(document, "h2"));
    const removed = await ask(host);

    expect(upgraded.answers?.containers).toMatchObject([
      { name: "lb-keepalived-1", state: "running", primary_ip: "198.51.100.11" },
      { name: "lb-keepalived-2", state: "stopped", primary_ip: "198.51.100.12" },
      { name: "lb-keepalived-3", state: "running", primary_ip: "198.51.100.12" },
    ]);
    expect(removed.answers?.hosts.map((entry) => entry.name)).toEqual(["h1"]);
    expect(removed.answers?.containers.length).toBe(1);
    expect(removed.answers?.self).toEqual(upgraded.answers?.self);
  });

  it("refuses connections when down, loses packets when muted, and comes back from both", async () => {
    const lab = await newLab({ hosts: 1 });
    const host = lab.host("h1");

    await lab.metadata.down();
    const down = await ask(host);
    await lab.metadata.up();
    await lab.metadata.mute();
    const muted = await ask(host, 3_000);
    await lab.metadata.unmute();

    expect(down).toEqual({ failed: "ECONNREFUSED" });
    expect(muted).toEqual({ failed: "TimeoutError" });
    await expect.poll(() => ask(host)).toHaveProperty("answers");
  });

  it("lists a host that is added while the lab runs, without a container", async () => {
    const lab = await newLab({ hosts: 1 });

    const host = await lab.addHost();
    const page = await ask(host);

    expect(page.answers?.hosts.map((entry) => entry.name)).toEqual(["h1", "h2"]);
    expect(page.answers?.self.host).toBe(page.answers?.hosts[1]?.uuid);
    expect(page.answers?.containers.length).toBe(1);
  });
});
