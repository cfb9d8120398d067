import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { execa } from "execa";
import { describe, expect, it, onTestFinished } from "vitest";
import { createBareLab } from "./bare-lab.ts";
import { mountSmallDisk } from "./disk.ts";
import { kill, namespacesOf, occupants, sweepStaleLabs } from "./namespace.ts";
import { requirements } from "./requirements.ts";
import { until } from "./until.ts";

const missing = requirements();
const { CI } = process.env;
if (missing !== undefined && CI !== undefined) throw new Error(missing);

/** A process that makes a lab, prints its name, and ends as it is told or not at all. */
function startCreator(ending: string) {
  const script = `
    import { createBareLab } from ${JSON.stringify(new URL("./bare-lab.ts", import.meta.url).href)};
    const lab = await createBareLab({ hosts: 1 });
    await lab.host("h1").startContainer(["sh", "-c", "setsid sleep 1000 & sleep 1000"]);
    process.stdout.write(lab.name);
    ${ending}
    await new Promise((resolve) => setTimeout(resolve, 120_000));
  `;
  return execa(process.execPath, ["--input-type=module", "-e", script], { reject: false });
}

/** Resolves with the lab's name once the lab is complete. */
async function labOf(creator: ReturnType<typeof startCreator>): Promise<string> {
  const [name] = await Promise.race([once(creator.stdout, "data"), creator.then(({ stderr }) => [stderr])]);
  return String(name);
}

describe.skipIf(missing !== undefined)(`the lab's clean-up ${missing ?? ""}`, () => {
  it("leaves no namespace, process or file, also when asked twice", async () => {
    const lab = await createBareLab();
    onTestFinished(() => lab.destroy());
    lab.probe("198.51.100.100");
    await lab.host("h1").startContainer(["sh", "-c", "setsid sleep 1000 & sleep 1000"]);
    const pids = occupants(namespacesOf(lab.name));
    const { folder } = lab.host("h1");

    await lab.destroy();
    await lab.destroy();

    expect(pids.length).toBeGreaterThanOrEqual(9);
    await until(() => pids.every((pid) => !existsSync(`/proc/${pid}`)), 120_000, "every process is gone");
    expect(namespacesOf(lab.name)).toEqual([]);
    expect(existsSync(folder)).toBe(false);
  });

  it("removes a disk of the lab's own, also while a process still works on it", async () => {
    const lab = await createBareLab({ hosts: 1 });
    onTestFinished(() => lab.destroy());
    const host = lab.host("h1");
    await mountSmallDisk(host.stateFolder, 1);
    await host.startContainer(["sh", "-c", `cd ${host.stateFolder} && exec sleep 1000`]);

    await lab.destroy();

    expect(readFileSync("/proc/self/mounts", "utf8")).not.toContain(lab.name);
    expect(existsSync(host.folder)).toBe(false);
  });

  it("happens where the lab cannot be completed, and the error tells why", async () => {
    const labs = `rk${process.pid}x`;
    const metadataServer = (): string[] => [process.execPath, "-e", "throw new Error('broken')"];

    await expect(createBareLab({ metadataServer })).rejects.toThrow(
      /the metadata service of h\d ended.*broken/s,
    );

    expect(readdirSync("/run/netns").filter((name) => name.startsWith(labs))).toEqual([]);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith(labs))).toEqual([]);
  });

  it.each([
    { how: "at SIGTERM", ending: "process.kill(process.pid, 'SIGTERM');", want: { signal: "SIGTERM" } },
    { how: "at SIGINT", ending: "process.kill(process.pid, 'SIGINT');", want: { signal: "SIGINT" } },
    { how: "at an uncaught exception", ending: "throw new Error('uncaught');", want: { exitCode: 1 } },
    { how: "at process.exit", ending: "process.exit(3);", want: { exitCode: 3 } },
  ])("happens $how of the creator, which ends as it would without a lab", async ({ ending, want }) => {
    const creator = startCreator(ending);

    const name = await labOf(creator);
    const result = await creator;

    expect(result).toMatchObject(want);
    expect(name).toMatch(/^rk\d+x1$/);
    expect(namespacesOf(name)).toEqual([]);
    expect(readdirSync(tmpdir()).filter((file) => file.startsWith(name))).toEqual([]);
  });

  it("is done by the next lab where the creator was killed, and the kernel ends the processes", async () => {
    const creator = startCreator("");
    const name = await labOf(creator);
    const namespaces = namespacesOf(name);
    let pids: readonly number[] = [];
    const isPopulated = () => {
      pids = occupants(namespaces); // kept: a short-lived one may be gone when they are counted again
      return pids.length >= 6;
    };
    await until(isPopulated, 120_000, "the hosts' processes run");

    kill(creator.pid!);
    await creator;
    await until(() => pids.every((pid) => !existsSync(`/proc/${pid}`)), 120_000, "every process is gone");
    // another test file's lab may have been the next one already
    sweepStaleLabs();

    expect(pids.length).toBeGreaterThanOrEqual(6);
    expect(namespacesOf(name)).toEqual([]);
    expect(readdirSync(tmpdir()).filter((file) => file.startsWith(name))).toEqual([]);
  });

  it("spares the labs of living creators", async () => {
    const lab = await createBareLab({ hosts: 1 });
    onTestFinished(() => lab.destroy());

    sweepStaleLabs();

    expect(namespacesOf(lab.name).length).toBe(4);
  });
});
