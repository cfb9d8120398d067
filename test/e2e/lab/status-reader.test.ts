/** A lab's status reader, before a stand-in for the agent: it answers, it hangs, it is gone. */
import { describe, expect, it, onTestFinished } from "vitest";
import { CLAIM_NAME } from "../../../src/host-claim/holder.ts";
import { statusOf } from "./ask.ts";
import { createBareLab } from "./bare-lab.ts";
import type { Child } from "./child.ts";
import { requirements } from "./requirements.ts";
import { StatusReader } from "./status-reader.ts";

const missing = requirements();
const { CI } = process.env;
if (missing !== undefined && CI !== undefined) throw new Error(missing);

const STATUS = { agent: { pid: 7 }, instances: [], problems: [] };
/** Answers each connection with its argument, or with nothing at all. */
const AGENT = `
const answer = process.argv[1];
require("node:net").createServer((socket) => {
  socket.on("error", () => undefined);
  if (answer !== "") socket.end(answer + "\\n");
}).listen("\\0${CLAIM_NAME}", () => console.log("ready"));
`;

describe.skipIf(missing !== undefined)(`the status reader of a lab's host ${missing ?? ""}`, () => {
  it("reads what an agent answers, and nothing where it hangs or is gone, and starts anew where it was killed", async () => {
    const lab = await createBareLab({ hosts: 1 });
    onTestFinished(() => lab.destroy());
    const host = lab.host("h1");
    const start = async (answer: string) => {
      const container = await host.startContainer([process.execPath, "-e", AGENT, answer]);
      await container.log.first((line) => line === "ready" || undefined);
      return container;
    };
    expect(await statusOf(host)).toBeUndefined();

    const honest = await start(JSON.stringify(STATUS));
    expect(await Promise.all([statusOf(host), statusOf(host), statusOf(host)])).toEqual([
      STATUS,
      STATUS,
      STATUS,
    ]);
    const spawned: Child[] = [];
    const reader = new StatusReader(host.namespace, (child) => spawned.push(child));
    expect(await reader.read()).toEqual(STATUS);
    await spawned[0]?.end("SIGKILL");
    expect(await reader.read()).toEqual(STATUS);
    expect(spawned).toHaveLength(2);
    await reader.close();
    await honest.kill();

    const stranger = await start(JSON.stringify({ pid: 7 }));
    expect(await statusOf(host)).toBeUndefined();
    await stranger.kill();
    const hanging = await start("");
    expect(await statusOf(host)).toBeUndefined();
    await hanging.kill();
    await start(JSON.stringify(STATUS));
    expect(await statusOf(host)).toEqual(STATUS);
  });
});
