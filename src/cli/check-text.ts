/** Renders the verdict of the command `check`, for programs and for people. */
import { RANCHER_CHAIN } from "../iptables/rancher-chain.ts";
import type { PortsVerdict, PortVerdict } from "../ports/published-ports.ts";
import { escapeControl } from "../text/escape.ts";

/** The object that README documents: `reason` is an id, or `dnat TARGET` for a healthy port. */
export function checkJson({ verdict, reason, detail, ports }: PortsVerdict) {
  return {
    verdict,
    reason: reasonText({ reason, detail }),
    ports: ports.map((it) => ({
      port: it.port,
      protocol: it.protocol,
      verdict: it.verdict,
      reason: reasonText(it),
    })),
  };
}

/**
 * The verdict, a line for each port, and a line for each warning. Text from outside, as a rule's comment, is escaped, so
 * that it cannot draw on the terminal.
 */
export function renderCheck(verdict: PortsVerdict): string {
  const ports = verdict.ports.flatMap((it) => [
    `  ${it.port}/${it.protocol}  ${it.verdict}  ${it.reason}${detailText(it)}`,
    ...(it.exceptions ?? []).map((exception) => `    ${exceptionText(it, exception)}`),
  ]);
  const warnings = warningsOf(verdict).map((warning) => `warning: ${warning}`);
  return `${[verdict.verdict, ...ports, ...warnings].map(escapeControl).join("\n")}\n`;
}

function warningsOf({ warnings, unreadableRules }: PortsVerdict): readonly string[] {
  return [
    ...warnings.map((id) => `${id} (nft and legacy have ${RANCHER_CHAIN}, packets meet the rules of both)`),
    ...unreadableRules.map((rule) => `unreadable-rule ${rule}`),
  ];
}

function reasonText({
  reason,
  detail,
}: {
  reason: PortsVerdict["reason"];
  detail?: string | undefined;
}): string {
  return reason === "dnat" && detail !== undefined ? `dnat ${detail}` : reason;
}

function exceptionText({ verdict }: PortVerdict, exception: string): string {
  return `${verdict === "healthy" ? "but not for" : "but for"} ${exception}`;
}

function detailText({ detail }: PortVerdict): string {
  return detail === undefined ? "" : ` (${detail})`;
}
