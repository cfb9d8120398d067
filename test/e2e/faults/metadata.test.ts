/** Metadata goes wrong in every way that a server can, on all hosts at once: no VIP moves for it. */
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { Child } from "../lab/child.ts";
import type { Host } from "../lab/host.ts";
import type { Lab } from "../lab/lab.ts";
import { removeContainer, removeHost, setLabel } from "../lab/metadata-changes.ts";
import { until } from "../lab/until.ts";
import { reloadsSince, startAll, statusOf, useLab } from "../scenario.ts";
import { watched } from "./watched.ts";
import { garble, mislead } from "./wrong-metadata.ts";

const SOON_MS = 120_000;
/** Less than the minute after which the agent looks again without word of a change. */
const PROMPT_MS = 30_000;
/** What a busy machine may hold a client's packets back. */
const STALL_MS = 3_000;
/** `LONG_FAULTS=1` lets faults last as long as they may in life. */
const IS_LONG = process.env["LONG_FAULTS"] === "1";

/** An agent that was failed asks again after a second, and waits. */
const UNANSWERED_MS = 4_000;
/** Ten readings of metadata, and less than PEER_REMOVAL_GRACE. */
const MISSING_MS = IS_LONG ? 20_000 : 8_000;

const used = useLab({ hosts: 3 });

/** Has something happen to metadata, and expects the VIP and all files to stay as they are. */
async function undisturbed(what: string, act: (lab: Lab) => Promise<void>): Promise<void> {
  const { lab } = used;
  const confs = () => lab.hosts.map((host) => host.conf());
  let before: unknown;
  const seen = await watched(lab, what, async () => {
    before = confs();
    const positions = lab.hosts.map(({ agent }) => agent.logPosition);
    await act(lab);
    const reloads = lab.hosts.map((host, index) => reloadsSince(host, positions[index] ?? 0));
    expect(reloads).toEqual([0, 0, 0]);
  });

  expect(seen).toMatchObject({ moves: 0, doubledMs: 0, ownerlessMs: 0 });
  expect(seen.silentMs).toBeLessThan(STALL_MS);
  expect(confs()).toEqual(before);
}

const codesOf = async (host: Host) => (await statusOf(host))?.problems.map(({ code }) => code) ?? [];
const versionOf = async (host: Host) => (await statusOf(host))?.metadata.version;
const allWell = (lab: Lab) =>
  until(
    async () => (await Promise.all(lab.hosts.map(codesOf))).every((codes) => codes.length === 0),
    SOON_MS,
    "all hosts are well",
  );

async function failed(host: Host, from: number, times: number): Promise<void> {
  const failures = () =>
    host.agent.container.log.lines.slice(from).filter(({ text }) => text.includes("metadata poll failed"));
  await until(() => failures().length >= times, SOON_MS, `${host.name} was failed ${times} times`);
}

/** Two turns of the agent: the first may still have had its answer when metadata went wrong. */
const failedTwice = (host: Host, from: number): Promise<void> => failed(host, from, 2);

it("comes up", async () => {
  await startAll(used.lab);
});

describe("answers that are none", () => {
  it.each([
    ["html", "500", "404"],
    ["truncated", "reset", "invalid-utf8"],
    ["wrong-types", "nulls", "empty-lists"],
    ["huge", "nested", "redirect"],
  ])("change nothing: %s, %s, %s", async (...modes) => {
    const elsewhere = new Child({
      namespace: `${used.lab.name}-cl`,
      name: "the server that is redirected to",
      command: [process.execPath, "-e", RECORDER],
    });
    onTestFinished(async () => void (await elsewhere.end("SIGKILL")));
    await elsewhere.log.first((line) => (line === "listening" ? line : undefined));

    await undisturbed(modes.join(", "), async (lab) => {
      const positions = lab.hosts.map(({ agent }) => agent.logPosition);
      const ends = await Promise.all(lab.hosts.map((host, index) => garble(lab, host, modes[index] ?? "")));
      await Promise.all(lab.hosts.map((host, index) => failedTwice(host, positions[index] ?? 0)));
      for (const host of lab.hosts) {
        expect((await statusOf(host))?.problems).toMatchObject([{ part: "metadata" }]);
      }
      await Promise.all(ends.map((end) => end()));
      await allWell(lab);
    });
    expect(elsewhere.log.lines.map(({ text }) => text)).toEqual(["listening"]);
  });

  it("change nothing that never come, come by one byte a second, or are refused", async () => {
    await undisturbed("hang, drip, refused", async (lab) => {
      const [first, second, third] = lab.hosts as [Host, Host, Host];
      const positions = lab.hosts.map(({ agent }) => agent.logPosition);
      const ends = await Promise.all([garble(lab, first, "hang"), garble(lab, second, "drip")]);
      await lab.metadata.down([third.name]);
      // the end of the former service is the first; test/metadata/io/client.test.ts shows how long an answer is waited for
      await Promise.all(lab.hosts.map((host, index) => failed(host, positions[index] ?? 0, 1)));
      await sleep(UNANSWERED_MS);
      await expect
        .poll(() => Promise.all(lab.hosts.map(codesOf)))
        .toEqual(Array.from({ length: 3 }, () => ["METADATA_UNREACHABLE"]));
      await Promise.all([...ends.map((end) => end()), lab.metadata.up([third.name])]);
      await allWell(lab);
    });
  });
});

describe("documents that are wrong", () => {
  it("change nothing while a host, the service, and the own host are missing", async () => {
    await undisturbed("a host, the service, the own host vanish", async (lab) => {
      const [first, second, third] = lab.hosts as [Host, Host, Host];
      const ends = await Promise.all([
        mislead(lab, first, (document) => removeHost(document, second.name)),
        mislead(lab, second, (document) => {
          document.stacks[0]!.services = [];
          document.containers = []; // the stand-in makes a service of its containers
        }),
        mislead(lab, third, (document) => removeHost(document, third.name)),
      ]);
      await sleep(MISSING_MS);
      await expect.poll(() => codesOf(second)).toEqual(["METADATA_NOT_FOUND"]);
      for (const end of ends) await end();
      await allWell(lab);
    });
  });

  it("change nothing that take hosts for each other, or come back from an earlier time", async () => {
    await undisturbed("another host's self, views of different times", async (lab) => {
      const [first, second, third] = lab.hosts as [Host, Host, Host];
      const versions = await Promise.all(lab.hosts.map(versionOf));
      const ends = await Promise.all([
        mislead(lab, first, () => undefined, second.name),
        mislead(lab, second, (document) => removeContainer(document, third.name)),
        mislead(lab, third, (document) => {
          for (const container of document.containers) container.state = "stopped";
        }),
      ]);
      await Promise.all(
        lab.hosts.map((host, index) =>
          until(async () => (await versionOf(host)) !== versions[index], SOON_MS, "it was read"),
        ),
      );
      for (const end of ends) await end();
      await allWell(lab);
    });
  });
});

it("takes the last of many versions, five of them a second, and comes back to where it was", async () => {
  const { lab } = used;
  const seconds = IS_LONG ? 300 : 6;
  const label = "keepalived.priority";
  const before = lab.hosts.map((host) => host.conf());
  const positions = lab.hosts.map(({ agent }) => agent.logPosition);
  const beganMs = performance.now();
  const seen = await watched(lab, `five versions a second for ${seconds} s`, async () => {
    for (let version = 0; version < 5 * seconds; version += 1) {
      lab.metadata.publish((document) => {
        for (const { name } of lab.hosts)
          setLabel(document, name, { name: label, value: `${200 + (version % 50)}` });
      });
      await sleep(200);
    }
    const wanted = `priority ${200 + ((5 * seconds - 1) % 50)}`;
    await until(
      () => lab.hosts.every((host) => host.conf()?.includes(wanted)),
      SOON_MS,
      "the last one is in force",
    );
    lab.metadata.publish((document) => {
      for (const { name } of lab.hosts) setLabel(document, name, { name: label, value: undefined });
    });
    const isBack = () => lab.hosts.every((host, index) => host.conf() === before[index]);
    await until(isBack, PROMPT_MS, "the first one is in force again");
  });

  expect(seen).toMatchObject({ moves: 0, doubledMs: 0, ownerlessMs: 0 });
  expect(seen.silentMs).toBeLessThan(STALL_MS);
  lab.hosts.forEach((host, index) => {
    const reloads = reloadsSince(host, positions[index] ?? 0);
    expect(reloads).toBeGreaterThan(1);
    // one in 2 s, and those of the end
    expect(reloads).toBeLessThanOrEqual((performance.now() - beganMs) / 2_000 + 7);
  });
});

/** Runs on the client, where the redirects of garbage-program.ts point to. */
const RECORDER = `require("node:http").createServer((request, response) => {
  console.log(request.url);
  response.end("[]");
}).listen(80, "198.51.100.200", () => console.log("listening"))`;
