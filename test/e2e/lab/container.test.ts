import { describe, expect, it, onTestFinished } from "vitest";
import { createBareLab } from "./bare-lab.ts";
import type { Lab } from "./lab.ts";
import { occupants } from "./namespace.ts";
import { requirements } from "./requirements.ts";
import { until } from "./until.ts";

const missing = requirements();
const { CI } = process.env;
if (missing !== undefined && CI !== undefined) throw new Error(missing);

async function newLab(): Promise<Lab> {
  const lab = await createBareLab({ hosts: 1 });
  onTestFinished(() => lab.destroy());
  return lab;
}

function isReady(line: string): true | undefined {
  return line === "ready" || undefined;
}

describe.skipIf(missing !== undefined)(`a container in the lab ${missing ?? ""}`, () => {
  it("has the host's name and network, processes and a /run of its own, and shows its Docker id", async () => {
    const lab = await newLab();
    const { external_id: dockerId } = lab.metadata.document.containers[0]!;
    const script =
      "cat /proc/sys/kernel/hostname; ls /sys/class/net; ls -A /run; ls -d /proc/[0-9]*; grep /etc/hostname /proc/self/mountinfo";

    const container = await lab.host("h1").startContainer(["sh", "-c", script], {}, { dockerId });
    const { code } = await container.exited;

    const lines = container.log.lines.map((line) => line.text);
    expect(code).toBe(0);
    expect(lines.slice(0, 6)).toEqual(["h1", "docker0", "eth0", "lo", "veth0", "/proc/1"]);
    expect(lines.length).toBeLessThan(10);
    expect(lines.at(-1)).toContain(`/containers/${dockerId}/hostname `);
  });

  it("keeps the host's files from one container to the next", async () => {
    const host = (await newLab()).host("h1");
    const first = await host.startContainer(["sh", "-c", `echo kept | tee ${host.stateFolder}/a > /run/b`]);
    await first.exited;

    const second = await host.startContainer(["cat", `${host.stateFolder}/a`, "/run/b"]);
    await second.exited;

    expect(second.log.lines.map((line) => line.text)).toEqual(["kept", "kept"]);
  });

  it("is gone with all its processes when it is killed", async () => {
    const host = (await newLab()).host("h1");
    const before = occupants([host.namespace]).length;
    const container = await host.startContainer(["sh", "-c", "setsid sleep 1000 & echo ready; wait"]);
    await container.log.first(isReady);
    const during = occupants([host.namespace]).length;

    await host.killContainer();

    expect(during).toBeGreaterThanOrEqual(before + 3);
    await until(() => occupants([host.namespace]).length === before, 120_000, "the processes are gone");
  });

  it("is stopped by SIGTERM, and tells its exit code", async () => {
    const host = (await newLab()).host("h1");
    const container = await host.startContainer([
      "sh",
      "-c",
      "trap 'exit 7' TERM; echo ready; sleep 1000 & wait",
    ]);
    await container.log.first(isReady);

    const { code, wasKilled } = await host.stopAgent();

    expect({ code, wasKilled }).toEqual({ code: 7, wasKilled: false });
  });

  it("is killed where SIGTERM does not end it within Docker's 10 s", async () => {
    const host = (await newLab()).host("h1");
    const container = await host.startContainer(["sh", "-c", "trap '' TERM; echo ready; sleep 1000"]);
    await container.log.first(isReady);

    const { wasKilled, durationMs } = await host.stopAgent();

    expect(wasKilled).toBe(true);
    expect(durationMs).toBeGreaterThanOrEqual(9_900);
  });

  it("is one at a time on a host", async () => {
    const host = (await newLab()).host("h1");
    await host.startContainer(["sleep", "1000"]);

    await expect(host.startContainer(["sleep", "1000"])).rejects.toThrow("h1 runs a container already");
  });
});
