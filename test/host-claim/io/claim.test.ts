import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { execa } from "execa";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { findHolders } from "../../../src/host-claim/io/find-holders.ts";

/** There is one claim per network namespace, so each party of these tests is a process in an own namespace. */
const NAMESPACE = `rk${process.pid}claim`;
const PROGRAM = new URL("./claim-program.ts", import.meta.url).pathname;
beforeAll(() => execa("ip", ["netns", "add", NAMESPACE]));
afterAll(() => execa("ip", ["netns", "del", NAMESPACE]));

/** What the test started. The name is free for the next test once all of them have ended. */
const ends: (() => Promise<unknown>)[] = [];
afterEach(() => Promise.all(ends.splice(0).map((end) => end())));

function party(role: string, namespace = NAMESPACE, asUser: readonly string[] = []) {
  const command = [...asUser, process.execPath, PROGRAM, ...role.split(" ")];
  const child = execa("ip", ["netns", "exec", namespace, ...command], { reject: false });
  ends.push(async () => {
    child.kill("SIGKILL");
    await child;
  });
  const lines = child.iterable();
  const iterator = lines[Symbol.asyncIterator]();
  return {
    child,
    next: async () => (await iterator.next()).value as string | undefined,
  };
}

it("lets one agent run, and the next one when the first is killed", async () => {
  const first = party("claim");
  expect(await first.next()).toBe("claimed");
  const second = party("claim");
  expect(await second.next()).toBe("waiting");

  first.child.kill("SIGKILL");

  expect(await second.next()).toBe("claimed");
  second.child.kill("SIGKILL");
});

it("sends readers the status at once and at each change", async () => {
  const agent = party("claim");
  expect(await agent.next()).toBe("claimed");
  const reader = party("read");

  expect(await reader.next()).toBe('{"count":0}');
  agent.child.kill("SIGUSR2");
  expect(await reader.next()).toBe('{"count":1}');

  agent.child.kill("SIGKILL");
  expect(await reader.next()).toBe("ended");
});

it("greets each reader with the status of the moment, also after changes were sent", async () => {
  const agent = party("claim greeting");
  expect(await agent.next()).toBe("claimed");
  const first = party("read");
  expect(await first.next()).toBe('{"count":0,"isOfThisMoment":true}');
  agent.child.kill("SIGUSR2");
  expect(await first.next()).toBe('{"count":1}');

  expect(await party("read").next()).toBe('{"count":1,"isOfThisMoment":true}');
  agent.child.kill("SIGKILL");
});

it("answers a command although a crowd holds every connection, and lets the oldest of the crowd go", async () => {
  const agent = party("claim");
  expect(await agent.next()).toBe("claimed");
  const crowd = party("crowd 64");
  expect(await crowd.next()).toBe("crowded");

  const reader = party("read");
  expect(await reader.next()).toBe('{"count":0}');
  expect(await crowd.next()).toBe("left 63");
  agent.child.kill("SIGUSR2");
  expect(await reader.next()).toBe('{"count":1}');
  agent.child.kill("SIGKILL");
});

it("fails with a code where there is no agent", async () => {
  const reader = party("read");

  expect(await reader.next()).toMatch(/^AGENT_UNREACHABLE: /);
});

it("fails with the same code where the agent is frozen", async () => {
  const agent = party("claim");
  expect(await agent.next()).toBe("claimed");
  agent.child.kill("SIGSTOP");
  const reader = party("read");

  expect(await reader.next()).toMatch(
    /^AGENT_UNREACHABLE: .* -> An agent holds the socket and does not answer\./,
  );
  agent.child.kill("SIGKILL");
});

it("does not see an agent of another host network", async () => {
  const other = `${NAMESPACE}b`;
  await execa("ip", ["netns", "add", other]);
  const agent = party("claim", other);
  try {
    expect(await agent.next()).toBe("claimed");
    expect(await party("read").next()).toMatch(/^AGENT_UNREACHABLE: /);
  } finally {
    agent.child.kill("SIGKILL");
    await agent.child;
    await execa("ip", ["netns", "del", other]);
  }
});

it("waits once for another program that has the name, and runs when it ends", async () => {
  const squatter = party("squat");
  expect(await squatter.next()).toBe("squatting");
  const agent = party("claim");
  expect(await agent.next()).toBe("waiting");

  squatter.child.kill("SIGKILL");

  expect(await agent.next()).toBe("claimed");
  agent.child.kill("SIGKILL");
});

it("reads nothing from a user without rights who took the name, and names him", async () => {
  const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
  const squatter = party("squat {}", NAMESPACE, nobody);
  expect(await squatter.next()).toBe("squatting");

  expect(await party("read").next()).toMatch(
    new RegExp(
      `^CLAIM_TAKEN: \\S+ \\(pid ${squatter.child.pid}\\) has the socket .* runs as user 65534, and an agent runs as root$`,
    ),
  );
  squatter.child.kill("SIGKILL");
  await squatter.child;

  const root = party("squat {}");
  expect(await root.next()).toBe("squatting");
  expect(await party("read").next()).toBe("{}");
  root.child.kill("SIGKILL");
});

it("finds the process that has a name", async () => {
  const name = `rk-holder-${process.pid}`;
  const server = createServer().listen(`\0${name}`);
  await once(server, "listening");
  const comm = readFileSync("/proc/self/comm", "utf8").trim();

  expect(await findHolders(name)).toEqual([{ pid: process.pid, name: comm }]);
  server.close();
  await once(server, "close");
  expect(await findHolders(name)).toEqual([]);
});
