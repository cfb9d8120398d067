import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { kill } from "node:process";
import { afterEach, beforeEach, expect, it } from "vitest";
import { findStopped, signalGroup } from "../../../src/system/io/process.ts";

let child: ChildProcess;
let pid: number;
beforeEach(async () => {
  child = spawn("sleep", ["60"], { detached: true, stdio: "ignore" });
  await once(child, "spawn");
  pid = child.pid ?? 0;
});
afterEach(() => child.kill("SIGKILL"));

const stopped = () => findStopped([process.pid, pid]);

it("finds a process that a signal stopped, until the group is continued", async () => {
  expect(stopped()).toEqual([]);
  kill(pid, "SIGSTOP");
  await expect.poll(stopped).toEqual([pid]);

  signalGroup(pid, "SIGCONT");

  await expect.poll(stopped).toEqual([]);
});

it("ends a group that is stopped; one that is gone is no error", async () => {
  const ended = once(child, "exit");
  kill(pid, "SIGSTOP");

  signalGroup(pid, "SIGKILL");

  expect(await ended).toEqual([null, "SIGKILL"]);
  signalGroup(pid, "SIGKILL");
  expect(findStopped([pid])).toEqual([]);
});
