/** A cluster in which nothing happens is not heard of: whoever reads the log reads changes of state, and nothing else. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import type { Host } from "./lab/host.ts";
import { until } from "./lab/until.ts";
import { calm, startAll, useLab } from "./scenario.ts";

const used = useLab({ hosts: 3 });
const QUIET_MS = 16_500;
/** A stall of the machine is a change of state, and has its line: then it is tried again. */
const PATIENCE_MS = 150_000;

const said = ({ agent }: Host) => agent.container.log.lines.map(({ text }) => text);

it("three healthy hosts print no line for longer than all of their intervals", async () => {
  const { lab } = used;
  await Promise.all(lab.hosts.map((host) => host.publishPorts([{ port: 80, protocol: "tcp" }])));
  await startAll(lab, { CHECK_PORT: "80", LOG_LEVEL: "info" });
  await calm(lab);

  const news = await until(
    async () => {
      const before = lab.hosts.map((host) => said(host).length);
      await sleep(QUIET_MS); // silence itself is what is looked for
      const heard = lab.hosts.flatMap((host, index) => said(host).slice(before[index]));
      return heard.length === 0 ? heard : undefined;
    },
    PATIENCE_MS,
    "nobody says anything",
  );

  expect(news).toEqual([]);
  for (const host of lab.hosts) expect(said(host).length).toBeGreaterThan(0);
});
