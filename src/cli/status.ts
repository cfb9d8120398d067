/** The command `status`: the status of this host's agent once, or with `--watch` at each change. */
import { setTimeout as sleep } from "node:timers/promises";
import { AgentError } from "../errors.ts";
import { isWell, type Status } from "../status/status.ts";
import { renderStatus, renderStatusLine } from "../status/text.ts";
import { printableJson } from "../text/escape.ts";
import { drawFrame, ENTER_SCREEN, LEAVE_SCREEN, type ScreenSize } from "../text/screen.ts";
import type { Style } from "../text/style.ts";
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
  readonly screenSize: () => ScreenSize;
  readonly style: Style;
  readonly print: (text: string) => void;
  readonly signal: AbortSignal;
}

/** @returns 0 if all is as it should be. @throws {AgentError} AGENT_UNREACHABLE, CLAIM_TAKEN */
export async function statusCommand(
  context: CommandContext,
  { all, json, watch: isWatch }: OptionValues,
): Promise<number> {
  const style = styleOf(context);
  const watch = () => watchAgentStatus(context.signal);
  if (all) return printCluster(context, json === true);
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
 * The whole cluster, asked by this command itself: so it needs no HTTP server of this host.
 *
 * @returns 0 if each host answers and is well, and no group is in trouble.
 */
async function printCluster(context: CommandContext, isJson: boolean): Promise<number> {
  // axios and valibot are loaded for this alone
  const [{ createClusterView }, { renderCluster }] = await Promise.all([
    import("../cluster/io/cluster-view.ts"),
    import("../cluster/text.ts"),
  ]);
  for await (const status of watchAgentStatus(context.signal)) {
    const cluster = await createClusterView(() => status, context.signal).read();
    const text = () => renderCluster(cluster, { style: styleOf(context) });
    context.print(isJson ? `${printableJson(cluster, 2)}\n` : text());
    return cluster.isWell ? 0 : 1;
  }
  throw new AgentError("AGENT_UNREACHABLE", "the agent of this host ended before it answered");
}

/**
 * Prints the status at each change until the signal aborts, also while agents end and start. A terminal is redrawn on its
 * alternate screen, and keeps the last status when the command ends. Any other output gets one line for each change that a
 * line can show.
 */
export async function printStatusChanges(options: StatusWatch): Promise<void> {
  const { watch, isTerminal, signal } = options;
  const output = isTerminal ? openScreen(options) : openLines(options);
  try {
    while (!signal.aborted) {
      try {
        for await (const status of watch()) output.show(status);
      } catch (error) {
        if (!(error instanceof AgentError)) throw error;
      }
      if (signal.aborted) break;
      output.showAbsence("no agent answers in this host network");
      await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    output.close();
  }
}

interface StatusOutput {
  show(status: Status): void;
  showAbsence(text: string): void;
  close(): void;
}

function openScreen({ screenSize, style, print }: StatusWatch): StatusOutput {
  let textNow = (): string => "";
  const draw = (): void => print(drawFrame(textNow(), screenSize()));
  print(ENTER_SCREEN);
  const redraw = setInterval(draw, REDRAW_MS);
  return {
    show: (status) => {
      textNow = () => renderStatus(status, { style, now: new Date().toISOString() });
      draw();
    },
    showAbsence: (text) => {
      textNow = () => `${style("bad", text)}\n`;
      draw();
    },
    close: () => {
      clearInterval(redraw);
      print(`${LEAVE_SCREEN}${textNow()}`);
    },
  };
}

function openLines({ print }: StatusWatch): StatusOutput {
  let shown = "";
  const printNew = (words: string): void => {
    if (words !== shown) print(`${new Date().toISOString()} ${words}\n`);
    shown = words;
  };
  return {
    show: (status) => printNew(renderStatusLine(status)),
    showAbsence: printNew,
    close: () => undefined,
  };
}
