/** Metadata's troubles: a VIP that runs never pays for them. */
import { expect, it } from "vitest";
import type { Host } from "./lab/host.ts";
import { addContainer, addHost, removeHost, setLabel } from "./lab/metadata-changes.ts";
import { until } from "./lab/until.ts";
import {
  PATIENT_PROBE,
  peersOf,
  reloadsSince,
  settled,
  startAll,
  stateOf,
  statusOf,
  untilPeers,
  useLab,
  VIP,
} from "./scenario.ts";

const used = useLab({ hosts: 3 });
const GRACE = { PEER_REMOVAL_GRACE: "3" };
/** Metadata is away for twice as long as a peer may be missing from it. */
const AWAY_MS = 6_000;
/** The agent reloads keepalived no more often. A change after a longer quiet must not wait for it. */
const RELOAD_GAP_MS = 2_000;

/** Watches from the client that nothing happens while something does. */
async function undisturbed(act: () => Promise<void>): Promise<void> {
  const { lab } = used;
  const owner = await settled(lab);
  const prober = lab.probe(VIP, PATIENT_PROBE);
  await prober.awaitAnswer(owner.name);
  const sinceMs = Date.now();
  await act();
  const { lost } = await prober.stop({ sinceMs });

  expect(lost).toBe(0);
  expect(lab.ownership.transitions(VIP, sinceMs)).toBe(0);
  expect(await lab.holders(VIP)).toEqual([owner.name]);
}

/** A host that exists in metadata only: a peer that never answers. */
function ghost(number: number) {
  return { name: `ghost${number}`, address: `198.51.100.${150 + number}` };
}

it("reloads within a moment of a single change after quiet", async () => {
  const { lab } = used;
  await startAll(lab, GRACE);
  const [host] = lab.hosts as [Host];
  const delays: number[] = [];
  // a busy machine may delay each, a gap between reloads would delay all
  for (let priority = 241; priority < 249 && !delays.some((ms) => ms < RELOAD_GAP_MS); priority += 1) {
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    const from = host.agent.logPosition;
    const publishedMs = Date.now();
    lab.metadata.publish((document) =>
      setLabel(document, host.name, { name: "keepalived.priority", value: String(priority) }),
    );
    const reload = await host.agent.awaitLog((entry) => entry["line"] === "Reloading ...", { from });
    delays.push(Date.parse(String(reload["time"])) - publishedMs);
  }
  process.stdout.write(`measured: publication to reload: ${delays.join(", ")} ms\n`);

  expect(Math.min(...delays)).toBeLessThan(RELOAD_GAP_MS);
});

it("reloads at most three times for a burst of 20 versions in 2 s that change the peers each time", async () => {
  const { lab } = used;
  const [host] = lab.hosts as [Host];
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  const from = host.agent.logPosition;
  let tookMs = 0;

  await undisturbed(async () => {
    const beganMs = performance.now();
    for (let number = 0; number < 20; number += 1) {
      lab.metadata.publish((document) => {
        addHost(document, ghost(number));
        addContainer(document, `ghost${number}`);
      });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await until(() => peersOf(host).length === 22, 120_000, "all 20 new peers are listed");
    tookMs = performance.now() - beganMs;
  });

  // at once, at the end of each gap, and once more: a machine that reads slowly has more gaps
  expect(reloadsSince(host, from)).toBeLessThanOrEqual(2 + Math.max(1, Math.floor(tookMs / RELOAD_GAP_MS)));
});

it("keeps everything while metadata is down, and takes the change that it comes back with", async () => {
  const { lab } = used;
  const [host] = lab.hosts as [Host];

  await undisturbed(async () => {
    await lab.metadata.down();
    await until(
      async () => (await statusOf(host))?.problems.some(({ code }) => code === "METADATA_UNREACHABLE"),
      120_000,
      "the status says so",
    );
    await new Promise((resolve) => setTimeout(resolve, AWAY_MS));
    expect(peersOf(host)).toHaveLength(22);
    lab.metadata.publish((document) => {
      for (let number = 0; number < 20; number += 1) removeHost(document, `ghost${number}`);
    });
    await lab.metadata.up();
    await until(
      () => lab.hosts.every((each) => peersOf(each).length === 2),
      120_000,
      "the ghosts are dropped",
    );
  });

  await until(async () => (await statusOf(host))?.problems.length === 0, 120_000, "the status is well again");
});

it("brings an agent back with its peers while metadata is down", async () => {
  const { lab } = used;
  const owner = await settled(lab);
  const { version } = (await statusOf(owner))!.metadata;
  // a reading after the ghosts were dropped: what is remembered is written then
  lab.metadata.publish((document) => document.containers.reverse());
  await until(async () => (await statusOf(owner))?.metadata.version !== version, 120_000, "it was read");
  const peers = peersOf(owner);
  await lab.metadata.down();

  await owner.killContainer();
  await owner.startAgent(GRACE);
  await until(async () => (await stateOf(owner)) === "BACKUP", 120_000, "the agent runs again");
  const status = await statusOf(owner);

  expect(peersOf(owner)).toEqual(peers);
  expect(status?.metadata.source).toBe("last-good");
  expect(status?.problems.map(({ code }) => code)).toEqual(["METADATA_UNREACHABLE"]);
  await lab.metadata.up();
  await until(
    async () => (await statusOf(owner))?.metadata.source === "live",
    120_000,
    "metadata is read again",
  );
  await settled(lab);
});

it("changes nothing while an in-service upgrade lists old and new containers", async () => {
  const { lab } = used;
  const [first, second] = lab.hosts as [Host, Host];
  const from = first.agent.logPosition;

  await undisturbed(async () => {
    lab.metadata.publish((document) => {
      const old = document.containers.find(({ host_uuid }) => host_uuid === document.hosts[1]?.uuid)!;
      old.state = "stopping";
    });
    lab.metadata.publish((document) => {
      document.containers.find(({ host_uuid }) => host_uuid === document.hosts[1]?.uuid)!.state = "stopped";
      addContainer(document, second.name).state = "starting";
    });
    lab.metadata.publish((document) => {
      document.containers.findLast(({ host_uuid }) => host_uuid === document.hosts[1]?.uuid)!.state =
        "running";
    });
    const { version } = (await statusOf(first))!.metadata;
    lab.metadata.publish((document) => document.containers.reverse());
    await until(
      async () => (await statusOf(first))?.metadata.version !== version,
      120_000,
      "it was all read",
    );
  });

  expect(reloadsSince(first, from)).toBe(0);
  expect(peersOf(first)).toContain(second.address);
});

it("finds the own host though metadata takes it for another", async () => {
  const { lab } = used;
  const [first, second] = lab.hosts as [Host, Host];
  await first.stopAgent();
  // a bridge container elsewhere that has the address which host-networked requests come from
  lab.metadata.publish((document) => {
    const trap = addContainer(document, second.name);
    Object.assign(trap, { uuid: "trap", primary_ip: "172.17.0.1", service_name: "other", external_id: "" });
  });

  const agent = await first.startAgent({ ...GRACE, STATE_DIR: `${first.stateFolder}/fresh` });
  const warning = await agent.awaitLog((entry) => entry.msg === "metadata names another host as this one");
  await until(async () => (await stateOf(first)) !== undefined, 120_000, "the agent runs");

  expect(warning["name"] ?? warning["host"]).toBe(second.name);
  expect((await statusOf(first))?.host?.name).toBe(first.name);
  expect(peersOf(first)).not.toContain(first.address);
  lab.metadata.publish((document) => {
    document.containers = document.containers.filter(({ uuid }) => uuid !== "trap");
  });
});

it("finds its service by the container's Docker id", async () => {
  const { lab } = used;
  const [first, second, third] = lab.hosts as [Host, Host, Host];
  await first.stopAgent();
  const dockerId = lab.metadata.document.containers.find(
    ({ host_uuid, state }) => host_uuid === lab.metadata.document.hosts[0]?.uuid && state === "running",
  )!.external_id;

  await first.startAgent(
    { STACK_NAME: undefined, SERVICE_NAME: undefined, STATE_DIR: `${first.stateFolder}/by-id` },
    { dockerId },
  );
  const status = await until(
    async () => ((await stateOf(first)) === undefined ? undefined : statusOf(first)),
    120_000,
    "the agent runs",
  );

  expect(status.service).toBe("lb/keepalived");
  await untilPeers(first, [second.address, third.address]);
});

it("writes no configuration where the own host is ambiguous, and says why", async () => {
  const { lab } = used;
  const [first] = lab.hosts as [Host];
  await first.stopAgent();
  const before = first.conf();
  lab.metadata.publish(
    (document) => {
      for (const host of document.hosts) {
        host.agent_ip = `203.0.113.${document.hosts.indexOf(host) + 1}`;
        host.hostname = first.name;
      }
    },
    { only: [first.name] },
  );

  const agent = await first.startAgent({
    STATE_DIR: `${first.stateFolder}/ambiguous`,
    KEEPALIVED_CONF: `${first.folder}/ambiguous.conf`,
  });
  const problem = await agent.awaitLog((entry) => entry.msg === "problem found");
  const status = await until(() => statusOf(first), 120_000, "the status answers");

  expect(problem["code"]).toBe("HOST_AMBIGUOUS");
  expect(status.problems[0]).toMatchObject({
    code: "HOST_AMBIGUOUS",
    hint: expect.stringContaining("HOST_UUID"),
  });
  expect(status.keepalived.isRunning).toBe(false);
  await expect(first.run(["test", "-e", `${first.folder}/ambiguous.conf`])).rejects.toThrow();
  expect(first.conf()).toBe(before);
});
