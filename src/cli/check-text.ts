/** Renders the verdict of the command `check`, for programs and for people. */
import { portStep } from "../health/port-steps.ts";
import { type BehindPort, isTroubled } from "../health/target-view.ts";
import { RANCHER_CHAIN } from "../iptables/rancher-chain.ts";
import type { DetailedPortsVerdict, PortVerdict } from "../ports/published-ports.ts";
import { escapeControl } from "../text/escape.ts";

/** More published ports than these are counted. */
const MAX_PUBLISHED = 20;

/** What is behind each port, in the order of the verdict's ports; empty if it was not inspected. */
type Behind = readonly (BehindPort | undefined)[];

const NOTE =
  "note: only the rules decide this verdict. The agent also checks forwarding and the container, but counts a failure only if it worked since the agent started.";

/** The object that docs/use/port-check.md documents. */
export function checkJson(verdict: DetailedPortsVerdict, behind: Behind = []) {
  const { ports, warnings, unreadableRules, published } = verdict;
  return {
    verdict: verdict.verdict,
    reason: reasonText(verdict),
    ...(verdict.detail === undefined ? {} : { detail: verdict.detail }),
    ...whereOf(verdict),
    ports: ports.map((it, index) => ({
      port: it.port,
      protocol: it.protocol,
      verdict: it.verdict,
      reason: reasonText(it),
      ...(it.detail === undefined ? {} : { detail: it.detail }),
      ...(it.exceptions === undefined ? {} : { exceptions: it.exceptions }),
      ...behind[index],
    })),
    warnings,
    unreadableRules,
    published,
  };
}

/** For which address, and by which interface, the clients come. */
function whereOf({ ports: [first] }: DetailedPortsVerdict) {
  return { address: first?.address ?? "any", interface: first?.interface ?? null };
}

/**
 * The verdict, a line for each port, a line for each warning, and the next step. Text from outside, as a rule's comment, is
 * escaped, so that it cannot draw on the terminal.
 */
export function renderCheck(
  verdict: DetailedPortsVerdict,
  behind: Behind = [],
  step = portStep(verdict, behind),
): string {
  const ports = verdict.ports.flatMap((it, index) => [
    `  ${it.port}/${it.protocol}  ${it.verdict}  ${it.reason}${detailText(it)}`,
    ...(it.exceptions ?? []).map((exception) => `    ${exceptionText(it, exception)}`),
    ...behindText(behind[index]),
  ]);
  const warnings = warningsOf(verdict).map((warning) => `warning: ${warning}`);
  const lines = [verdict.verdict, whereText(verdict), ...ports, ...publishedText(verdict), ...warnings];
  const steps = step === undefined ? [] : [`-> ${step}`];
  const notes = behind.some((it) => it !== undefined && isTroubled(it)) ? [NOTE] : [];
  return `${[...lines, ...steps, ...notes].map(escapeControl).join("\n")}\n`;
}

function behindText(behind: BehindPort | undefined): string[] {
  if (behind === undefined) return [];
  const { target, path } = behind;
  const pathLine = path === undefined ? [] : [`    path: ${path.reason} (${path.detail})`];
  return [`    target: ${target.reason} (${target.detail})`, ...pathLine];
}

function warningsOf({ warnings, unreadableRules }: DetailedPortsVerdict): readonly string[] {
  return [
    ...warnings.map((id) => `${id} (nft and legacy have ${RANCHER_CHAIN}, packets meet the rules of both)`),
    ...unreadableRules.map((rule) => `unreadable-rule ${rule}`),
  ];
}

function reasonText({
  reason,
  detail,
}: {
  reason: DetailedPortsVerdict["reason"];
  detail?: string | undefined;
}): string {
  return reason === "dnat" && detail !== undefined ? `dnat ${detail}` : reason;
}

/** `  for clients of 192.168.10.100 by eth0` */
function whereText(verdict: DetailedPortsVerdict): string {
  const { address, interface: name } = whereOf(verdict);
  const to = address === "any" ? "any address" : address;
  return `  for clients of ${to}${name === null ? "" : ` by ${name}`}`;
}

/** The ports that are published instead. A healthy verdict needs no list. */
function publishedText({ verdict, published }: DetailedPortsVerdict): string[] {
  if (verdict === "healthy" || published.length === 0) return [];
  const more = published.length - MAX_PUBLISHED;
  const shown = published.slice(0, MAX_PUBLISHED).map((text) => `  published: ${text}`);
  return more > 0 ? [...shown, `  and ${more} more`] : shown;
}

function exceptionText({ verdict }: PortVerdict, exception: string): string {
  return `${verdict === "healthy" ? "but not for" : "but for"} ${exception}`;
}

function detailText({ detail }: PortVerdict): string {
  return detail === undefined ? "" : ` (${detail})`;
}
