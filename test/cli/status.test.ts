import { afterEach, expect, it } from "vitest";
import { printStatusChanges } from "../../src/cli/status.ts";
import { AgentError } from "../../src/errors.ts";
import { instanceStatus } from "../../src/keepalived/instance-status.ts";
import type { Status } from "../../src/status/status.ts";
import { ENTER_SCREEN, LEAVE_SCREEN } from "../../src/text/screen.ts";
import { PLAIN } from "../../src/text/style.ts";
import { INSTANCE } from "../fixtures/desired.ts";
import { statusOf } from "../fixtures/status.ts";

let stop = new AbortController();
afterEach(() => stop.abort());

const AT = "2026-11-22T14:00:00.000Z";
const inState = (name: string) => statusOf({ instances: [instanceStatus(INSTANCE, { name, since: AT })] });

/** The first agent reports each of `first` and ends; then none answers; then another one reports `second`. */
function startWatch(isTerminal: boolean, first: readonly Status[], second: readonly Status[] = []) {
  stop = new AbortController();
  const printed: string[] = [];
  let runs = 0;
  async function* watch(): AsyncGenerator<Status> {
    runs += 1;
    if (runs === 1) yield* first;
    else if (runs === 2) throw new AgentError("AGENT_UNREACHABLE", "gone");
    else yield* second;
  }
  const print = (text: string) => void printed.push(text);
  const screenSize = () => ({ rows: 24, columns: 80 });
  const ended = printStatusChanges({
    watch,
    isTerminal,
    screenSize,
    style: PLAIN,
    print,
    signal: stop.signal,
  });
  return { printed, ended };
}

it("prints a line for each change that a line can show, without a terminal, also when the agent restarts", async () => {
  const { printed, ended } = startWatch(
    false,
    [inState("BACKUP"), { ...inState("BACKUP"), service: "lb/other" }, inState("MASTER")],
    [inState("BACKUP")],
  );
  const words = () => printed.map((line) => line.replace(/^\S+ /, "").trim());

  await expect
    .poll(words)
    .toEqual([
      "well main=BACKUP",
      "well main=MASTER",
      "no agent answers in this host network",
      "well main=BACKUP",
      "no agent answers in this host network",
    ]);
  stop.abort();
  await ended;
});

it("redraws the status on the alternate screen of a terminal, and leaves the last one behind", async () => {
  const { printed, ended } = startWatch(true, [inState("BACKUP"), inState("MASTER")]);

  await expect.poll(() => printed.length).toBeGreaterThanOrEqual(4);
  stop.abort();
  await ended;
  const [first, backup, owner] = printed;
  const text = printed.join("");

  expect(first).toBe(ENTER_SCREEN);
  expect(backup).toMatch(/^\S+well\S*\n.*main: BACKUP for /s);
  expect(owner).toContain("main: MASTER for ");
  expect(printed.at(-1)).toMatch(/no agent answers in this host network\n$/);
  expect(printed.at(-1)).toMatch(new RegExp(`^${RegExp.escape(LEAVE_SCREEN)}`));
  // neither the screen nor its scrollback is cleared
  expect(text).not.toContain("\u001b[2J");
  expect(text).not.toContain("\u001b[3J");
});
