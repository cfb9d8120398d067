/** The command `status`: the status of this host's agent once, or with `--watch` at each change. */
import { setTimeout as sleep } from "node:timers/promises";
import { AgentError } from "../errors.ts";
import { isWell, type Status } from "../status/status.ts";
import { renderStatus, renderStatusLine } from "../status/text.ts";
import { printableJson } from "../text/escape.ts";
import { CLEAR_SCREEN, type Style } from "../text/style.ts";
import { watchAgentStatus } from "./agent-status.ts";
import { type CommandContext, styleOf } from "./command.ts";
import type { OptionValues } from "./options.ts";

/** An agent that does not answer is asked again after this time. */
const RETRY_MS = 1_000;
/** A terminal shows how long ago things happened, so it is redrawn this often even without a change. */
const REDRAW_MS = 5_000;

export interface StatusWatch {
  /** The agent's status now and at each change, until the agent ends. */
  readonly watch: () => AsyncIterable<Status>;
  readonly isTerminal: boolean;
  readonly style: Style;
  readonly print: (text: string) => void;
  readonly signal: AbortSignal;
}

/** @returns 0 if all is as it should be. @throws {AgentError} AGENT_UNREACHABLE, CLAIM_TAKEN */
export async function statusCommand(
  context: CommandContext,
  { json, watch: isWatch }: OptionValues,
): Promise<number> {
  const style = styleOf(context);
  const watch = () => watchAgentStatus(context.signal);
  if (isWatch) {
    await printStatusChanges({ ...context, style, watch });
    return 0;
  }
  for await (const status of watch()) {
    const text = () => renderStatus(status, { style, now: new Date().toISOString() });
    context.print(json ? `${printableJson(status, 2)}\n` : text());
    return isWell(status) ? 0 : 1;
  }
  throw new AgentError("AGENT_UNREACHABLE", "the agent of this host ended before it answered");
}

/**
 * Prints the status at each change until the signal aborts, also while agents end and start. A terminal is redrawn; any
 * other output gets one line for each change that a line can show.
 */
export async function printStatusChanges(options: StatusWatch): Promise<void> {
  const { watch, isTerminal, style, print, signal } = options;
  let latest: Status | undefined;
  let shown = "";
  const show = (): void => {
    if (latest === undefined) return;
    const now = new Date().toISOString();
    if (isTerminal) {
      print(`${CLEAR_SCREEN}${renderStatus(latest, { style, now })}`);
      return;
    }
    const words = renderStatusLine(latest, "");
    if (words !== shown) print(renderStatusLine(latest, now));
    shown = words;
  };
  const showAbsence = (): void => {
    const text = "no agent answers in this host network";
    if (isTerminal) print(`${CLEAR_SCREEN}${style("bad", text)}\n`);
    else if (shown !== text) print(`${new Date().toISOString()} ${text}\n`);
    [latest, shown] = [undefined, text];
  };
  const redraw = isTerminal ? setInterval(show, REDRAW_MS) : undefined;
  while (!signal.aborted) {
    try {
      for await (const status of watch()) {
        latest = status;
        show();
      }
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
    }
    if (signal.aborted) break;
    showAbsence();
    await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
  }
  clearInterval(redraw);
}
