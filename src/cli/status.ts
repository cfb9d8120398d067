/** The command `status --watch`: the status at each change, over restarts of the agent. */
import { setTimeout as sleep } from "node:timers/promises";
import { AgentError } from "../errors.ts";
import type { Status } from "../status/status.ts";
import { renderStatus, renderStatusLine } from "../status/text.ts";
import { CLEAR_SCREEN, type Style } from "../text/style.ts";

/** An agent that does not answer is asked again after this time, ms. */
const AGAIN_MS = 1_000;
/** Ages are told anew this often, ms. */
const REDRAW_MS = 5_000;

export interface StatusWatch {
  /** The agent's status now and at each change, until it ends. */
  readonly follow: () => AsyncIterable<Status>;
  readonly isTerminal: boolean;
  readonly style: Style;
  readonly print: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Runs until the signal aborts. On a terminal it is drawn anew; else each change that a line shows is one. */
export async function watchStatus({ follow, isTerminal, style, print, signal }: StatusWatch): Promise<void> {
  let latest: Status | undefined;
  let shown = "";
  const draw = (): void => {
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
  const tellAbsence = (): void => {
    const text = "no agent answers in this host network";
    if (isTerminal) print(`${CLEAR_SCREEN}${style("bad", text)}\n`);
    else if (shown !== text) print(`${new Date().toISOString()} ${text}\n`);
    [latest, shown] = [undefined, text];
  };
  const redraw = isTerminal ? setInterval(draw, REDRAW_MS) : undefined;
  while (!signal.aborted) {
    try {
      for await (const status of follow()) {
        latest = status;
        draw();
      }
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
    }
    if (signal.aborted) break;
    tellAbsence();
    await sleep(AGAIN_MS, undefined, { signal }).catch(() => undefined);
  }
  clearInterval(redraw);
}
