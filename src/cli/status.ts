/** The command `status`: of this host's agent, or with `--all` of the whole cluster; once, or with `--watch` at each change. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Cluster } from "../cluster/cluster.ts";
import { AgentError } from "../errors.ts";
import { isAsOrdered, type Status } from "../status/status.ts";
import { renderStatus, renderStatusLine } from "../status/text.ts";
import { printableJson } from "../text/escape.ts";
import { drawFrame, ENTER_SCREEN, LEAVE_SCREEN, type ScreenSize } from "../text/screen.ts";
import type { Style } from "../text/style.ts";
import { watchAgentStatus } from "./agent-status.ts";
import { type CommandContext, styleOf } from "./command.ts";
import type { OptionValues } from "./options.ts";

/** An agent that does not answer is asked again after this time. */
const RETRY_MS = 1_000;
/** With `--all --watch` the hosts are asked this often. */
const READ_INTERVAL_MS = 2_000;
/** A terminal shows how long ago things happened, so it is redrawn this often even without a change. */
const REDRAW_MS = 5_000;

interface Watch {
  readonly isTerminal: boolean;
  readonly screenSize: () => ScreenSize;
  readonly style: Style;
  readonly print: (text: string) => void;
  readonly signal: AbortSignal;
}

export interface StatusWatch extends Watch {
  /** The agent's status now and at each change, until the agent ends. */
  readonly watch: () => AsyncIterable<Status>;
}

/** What is watched, as the text for a terminal at a moment (ISO 8601), and as the line for any other output. */
interface View {
  readonly text: (now: string) => string;
  readonly line: string;
}

/** @returns 0 if all is well; a drained host counts as well. @throws {AgentError} AGENT_UNREACHABLE, CLAIM_TAKEN */
export async function statusCommand(
  context: CommandContext,
  { all, json, watch: isWatch }: OptionValues,
): Promise<number> {
  const style = styleOf(context);
  const watch = () => watchAgentStatus(context.signal);
  if (all) return clusterCommand(context, { isJson: json === true, isWatch: isWatch === true });
  if (isWatch) {
    await printStatusChanges({ ...context, style, watch });
    return 0;
  }
  for await (const status of watch()) {
    const text = () => renderStatus(status, { style, now: new Date().toISOString() });
    context.print(json ? `${printableJson(status, 2)}\n` : text());
    return isAsOrdered(status) ? 0 : 1;
  }
  throw new AgentError("AGENT_UNREACHABLE", "the agent of this host ended before it answered");
}

/**
 * The whole cluster, asked by this command itself: so it needs no HTTP server of this host.
 *
 * @returns 0 if each host answers and is well, and no group is in trouble.
 */
async function clusterCommand(
  context: CommandContext,
  { isJson, isWatch }: { readonly isJson: boolean; readonly isWatch: boolean },
): Promise<number> {
  const { signal, print } = context;
  const style = styleOf(context);
  // axios and valibot are loaded for this alone
  const { createClusterView } = await import("../cluster/io/cluster-view.ts");
  const { renderCluster, renderClusterLine } = await import("../cluster/text.ts");
  async function* readRepeatedly(): AsyncGenerator<Cluster> {
    for (;;) {
      for await (const status of watchAgentStatus(signal)) {
        yield await createClusterView(() => status, signal).read();
        break;
      }
      await sleep(READ_INTERVAL_MS, undefined, { signal });
    }
  }
  if (isWatch) {
    const viewOf = (cluster: Cluster): View => {
      return { text: () => renderCluster(cluster, { style }), line: renderClusterLine(cluster) };
    };
    await printChanges({ ...context, style }, readRepeatedly, viewOf);
    return 0;
  }
  for await (const cluster of readRepeatedly()) {
    print(isJson ? `${printableJson(cluster, 2)}\n` : renderCluster(cluster, { style }));
    return cluster.isWell ? 0 : 1;
  }
  throw new AgentError("AGENT_UNREACHABLE", "the agent of this host ended before it answered");
}

/**
 * Prints the status at each change until the signal aborts, also while agents end and start. A terminal is redrawn on its
 * alternate screen, and keeps the last status when the command ends. Any other output gets one line for each change that a
 * line can show.
 */
export async function printStatusChanges({ watch, ...options }: StatusWatch): Promise<void> {
  const { style } = options;
  await printChanges(options, watch, (status) => ({
    text: (now) => renderStatus(status, { style, now }),
    line: renderStatusLine(status),
  }));
}

async function printChanges<Content>(
  options: Watch,
  watch: () => AsyncIterable<Content>,
  viewOf: (content: Content) => View,
): Promise<void> {
  const { isTerminal, signal } = options;
  const output = isTerminal ? openScreen(options) : openLines(options);
  try {
    while (!signal.aborted) {
      try {
        for await (const content of watch()) output.show(viewOf(content));
      } catch (error) {
        if (!(error instanceof AgentError) && !signal.aborted) throw error;
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
  show(view: View): void;
  showAbsence(text: string): void;
  close(): void;
}

function openScreen({ screenSize, style, print }: Watch): StatusOutput {
  let textNow = (): string => "";
  const draw = (): void => print(drawFrame(textNow(), screenSize()));
  print(ENTER_SCREEN);
  const redraw = setInterval(draw, REDRAW_MS);
  return {
    show: ({ text }) => {
      textNow = () => text(new Date().toISOString());
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

function openLines({ print }: Watch): StatusOutput {
  let shown = "";
  const printNew = (words: string): void => {
    if (words !== shown) print(`${new Date().toISOString()} ${words}\n`);
    shown = words;
  };
  return {
    show: ({ line }) => printNew(line),
    showAbsence: printNew,
    close: () => undefined,
  };
}
