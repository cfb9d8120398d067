/** Two hosts without Rancher, which know each other by UNICAST_PEERS alone. */
import { expect, it } from "vitest";
import type { Host } from "./lab/host.ts";
import { beyondStalls } from "./lab/stall.ts";
import { until } from "./lab/until.ts";
import { calm, peersOf, settled, statusOf, useLab, VIP } from "./scenario.ts";

const used = useLab({ hosts: 2 });

async function start(host: Host, env: Readonly<Record<string, string>>): Promise<void> {
  await host.startAgent({
    METADATA_URL: "off",
    STACK_NAME: undefined,
    SERVICE_NAME: undefined,
    ...env,
  });
}

async function adviceOf(host: Host): Promise<string> {
  const problems = (await statusOf(host))?.problems ?? [];
  return problems.map(({ part, message }) => `${part}: ${message}`).join("\n");
}

it("makes one owner of two hosts that name each other", async () => {
  const { lab } = used;
  await lab.metadata.down();
  // the same list on both: a host leaves itself out
  const UNICAST_PEERS = lab.hosts.map(({ address }) => address).join();
  await Promise.all(lab.hosts.map((host) => start(host, { UNICAST_PEERS })));
  await calm(lab);

  for (const host of lab.hosts) {
    const status = await statusOf(host);
    expect(peersOf(host)).toEqual(lab.hosts.filter((other) => other !== host).map(({ address }) => address));
    expect(status).toMatchObject({ metadata: { source: "off" }, problems: [] });
  }
});

it("fails over when the owner's container is killed, and when it is stopped", async () => {
  const { lab } = used;
  for (const way of ["killed", "stopped"] as const) {
    const owner = await calm(lab);
    const other = lab.hosts.find((host) => host !== owner)!;
    const prober = lab.probe(VIP);
    await prober.awaitAnswer(owner.name);
    const sinceMs = Date.now();

    // a killed container leaves its VIP on the host, so its cable is pulled as well
    if (way === "killed") await owner.setLink("down", "wire");
    await (way === "killed" ? owner.killContainer() : owner.stopAgent());
    await prober.awaitAnswer(other.name);
    const seen = await prober.stop({ sinceMs });
    const longestSilenceMs = beyondStalls(seen.longestSilenceMs, seen);
    process.stdout.write(`measured: ${way}: client silent ${Math.round(longestSilenceMs)} ms\n`);
    expect(longestSilenceMs).toBeLessThan(way === "killed" ? 5_000 : 3_000);

    await start(owner, { UNICAST_PEERS: other.address });
    if (way === "killed") await owner.setLink("up", "wire");
    await settled(lab);
  }
});

it("shows a mistake in one host's list on that host, and keeps quiet once it is right", async () => {
  const { lab } = used;
  const [first, second] = lab.hosts as [Host, Host];
  await first.stopAgent();
  await start(first, { UNICAST_PEERS: "198.51.100.112" });

  const advice = await until(
    async () => /^advice: main: 198\.51\.100\.12 sends adverts .*UNICAST_PEERS/.exec(await adviceOf(first)),
    120_000,
    `${first.name} tells of the stranger`,
  );
  process.stdout.write(`measured: ${advice[0]}\n`);

  await first.stopAgent();
  await start(first, { UNICAST_PEERS: second.address });
  await settled(lab);
  expect(await adviceOf(first)).toBe("");
});

it("says that a host is alone whose list names only itself, or nobody", async () => {
  const [first, second] = used.lab.hosts as [Host, Host];
  const says = async (host: Host, peers: string, advice: RegExp) => {
    await host.stopAgent();
    await start(host, { UNICAST_PEERS: peers });
    await until(async () => advice.test(await adviceOf(host)), 120_000, `${host.name} says so`);
  };

  await Promise.all([
    says(first, first.address, /lists no other host/),
    says(second, "", /METADATA_URL is off and UNICAST_PEERS is not set/),
  ]);
});
