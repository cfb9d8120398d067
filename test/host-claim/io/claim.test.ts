import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import { findHolders } from "../../../src/host-claim/io/holder.ts";

/** The claim is one a network namespace: each party of these tests is a process in a namespace of their own. */
const NAMESPACE = `rk${process.pid}claim`;
const PROGRAM = new URL("./claim-program.ts", import.meta.url).pathname;
beforeAll(() => execa("ip", ["netns", "add", NAMESPACE]));
afterAll(() => execa("ip", ["netns", "del", NAMESPACE]));

function party(role: string, namespace = NAMESPACE) {
  const child = execa("ip", ["netns", "exec", namespace, process.execPath, PROGRAM, role], { reject: false });
  const lines = child.iterable();
  const iterator = lines[Symbol.asyncIterator]();
  return {
    child,
    next: async () => (await iterator.next()).value as string | undefined,
  };
}

it("lets one agent in and the next one when the first is killed", async () => {
  const first = party("claim");
  expect(await first.next()).toBe("claimed");
  const second = party("claim");
  expect(await second.next()).toBe("waiting");

  first.child.kill("SIGKILL");

  expect(await second.next()).toBe("claimed");
  second.child.kill("SIGKILL");
});

it("gives readers the status now and at each change", async () => {
  const agent = party("claim");
  expect(await agent.next()).toBe("claimed");
  const reader = party("read");

  expect(await reader.next()).toBe('{"count":0}');
  agent.child.kill("SIGUSR2");
  expect(await reader.next()).toBe('{"count":1}');

  agent.child.kill("SIGKILL");
  expect(await reader.next()).toBe("ended");
});

it("says with a code that no agent is there", async () => {
  const reader = party("read");

  expect(await reader.next()).toBe("AGENT_UNREACHABLE");
});

it("says so too when the agent is frozen", async () => {
  const agent = party("claim");
  expect(await agent.next()).toBe("claimed");
  agent.child.kill("SIGSTOP");
  const reader = party("read");

  expect(await reader.next()).toBe("AGENT_UNREACHABLE");
  agent.child.kill("SIGKILL");
});

it("does not see an agent of another host network", async () => {
  const other = `${NAMESPACE}b`;
  await execa("ip", ["netns", "add", other]);
  const agent = party("claim", other);
  try {
    expect(await agent.next()).toBe("claimed");
    expect(await party("read").next()).toBe("AGENT_UNREACHABLE");
  } finally {
    agent.child.kill("SIGKILL");
    await agent.child;
    await execa("ip", ["netns", "del", other]);
  }
});

it("waits for a stranger who has the name, says nothing as long as nothing changes, and comes in after it", async () => {
  const stranger = party("squat");
  expect(await stranger.next()).toBe("squatting");
  const agent = party("claim");
  expect(await agent.next()).toBe("waiting");

  stranger.child.kill("SIGKILL");

  expect(await agent.next()).toBe("claimed");
  agent.child.kill("SIGKILL");
});

it("finds out who has a name", async () => {
  const name = `rk-holder-${process.pid}`;
  const server = createServer().listen(`\0${name}`);
  await once(server, "listening");
  const comm = readFileSync("/proc/self/comm", "utf8").trim();

  expect(await findHolders(name)).toEqual([{ pid: process.pid, name: comm }]);
  server.close();
  await once(server, "close");
  expect(await findHolders(name)).toEqual([]);
});
