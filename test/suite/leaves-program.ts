/** A test that passes and removes nothing. It says what it has made: LEAVES is `namespace`, `process`, `signal` or `nothing`. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { afterAll, it } from "vitest";

const { LEAVES = "", MADE = "" } = process.env;
const namespace = `rkleft-${process.pid}-1`;
const removals: (() => void)[] = [];
afterAll(() => {
  if (LEAVES === "nothing") for (const remove of removals) remove();
});

it("makes something", async () => {
  let child: ReturnType<typeof spawn> | undefined;
  if (LEAVES !== "process") {
    spawnSync("ip", ["netns", "add", namespace]);
    removals.push(() => spawnSync("ip", ["netns", "del", namespace]));
  }
  if (LEAVES !== "namespace") {
    child = spawn("sleep", ["1000"]);
    await once(child, "spawn");
    removals.push(() => child?.kill("SIGKILL"));
  }
  writeFileSync(MADE, JSON.stringify({ namespace, pid: child?.pid }));
  if (LEAVES === "signal") await new Promise((resolve) => setTimeout(resolve, 300_000));
}, 300_000);
