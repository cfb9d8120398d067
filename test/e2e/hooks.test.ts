/** Hooks that hang, on both hosts, while the VIP moves again and again: they are told the last state, and delay nothing. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Child } from "./lab/child.ts";
import type { Host } from "./lab/host.ts";
import { beyondStalls } from "./lab/stall.ts";
import { calm, settled, stateOf, useLab, VIP } from "./scenario.ts";

const used = useLab({ hosts: 2 });
const FAILOVERS = 6;
/** What the client asks, and beside it what is checked. */
const SERVED = [{ port: 80, protocol: "udp" }] as const;
const PUBLISHED = [...SERVED, { port: 8_080, protocol: "tcp" }] as const;
const URL_PORT = 9_999;

const logOf = (host: Host) => join(host.folder, "told.log");

/** Whoever finds another one running says so: the lock is free once all of a script is gone. */
function hangingScript(host: Host): string {
  const lock = join(host.folder, "told.lock");
  return `exec 9> ${lock}; flock -n 9 || echo two at once >> ${logOf(host)}; echo $STATE >> ${logOf(host)}; sleep 600`;
}

/** Takes what it is told, prints it, and never answers. */
async function hangingEndpoint({ namespace, name }: Host): Promise<Child> {
  const program = `require("node:http").createServer((request) => {
    request.setEncoding("utf8").on("data", (body) => console.log(body));
  }).listen(${URL_PORT}, "127.0.0.1", () => console.log("listens"))`;
  const child = new Child({
    namespace,
    name: `the URL on ${name}`,
    command: [process.execPath, "-e", program],
  });
  await child.log.first((line) => line === "listens" || undefined);
  return child;
}

it(`are told one at a time and at last the last state, and ${FAILOVERS} failovers go by as without them`, async () => {
  const { lab } = used;
  const endpoints = await Promise.all(lab.hosts.map(hangingEndpoint));
  const NOTIFY_URL = `http://127.0.0.1:${URL_PORT}/`;
  await Promise.all(lab.hosts.map((host) => host.publishPorts(PUBLISHED)));
  await Promise.all(
    lab.hosts.map((host) =>
      host.startAgent({ CHECK_PORT: "8080", NOTIFY_SCRIPT: hangingScript(host), NOTIFY_URL }),
    ),
  );
  const first = await calm(lab);
  const prober = lab.probe(VIP);
  await prober.awaitAnswer(first.name);
  const sinceMs = Date.now();

  for (let count = 0; count < FAILOVERS; count += 1) {
    const owner = await settled(lab);
    await owner.publishPorts(SERVED);
    await prober.awaitAnswer(lab.hosts.find((host) => host !== owner)?.name);
    await owner.publishPorts(PUBLISHED);
  }
  await settled(lab);
  const seen = await prober.stop({ sinceMs });
  const longestSilenceMs = beyondStalls(seen.longestSilenceMs, seen);
  process.stdout.write(`measured: client silent for ${Math.round(longestSilenceMs)} ms at worst\n`);

  expect(longestSilenceMs).toBeLessThan(3_000);
  for (const [index, host] of lab.hosts.entries()) {
    const state = await stateOf(host);
    const byScript = async () => (await readFile(logOf(host), "utf8")).trim().split("\n");
    await expect.poll(async () => (await byScript()).at(-1)).toBe(state);
    expect(await byScript()).not.toContain("two at once");
    const byUrl = () => JSON.parse(endpoints[index]?.log.lines.at(-1)?.text ?? "{}").state;
    await expect.poll(byUrl).toBe(state);
  }
});
