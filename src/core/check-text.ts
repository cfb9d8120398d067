/** The verdict of the command `check`, for programs and for people. */
import type { HostVerdict, PortVerdict } from "./host-verdict.ts";

/** The documented object: `reason` is an id, for a healthy port `dnat` with its target. */
export function checkJson({ verdict, reason, detail, ports }: HostVerdict) {
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

/** One line a port, the verdict first. */
export function checkText({ verdict, ports, warnings }: HostVerdict): string {
  const lines = ports.map(
    (it) => `  ${it.port}/${it.protocol}  ${it.verdict}  ${it.reason}${detailText(it)}`,
  );
  return `${[verdict, ...lines, ...warnings.map((warning) => `warning: ${warning}`)].join("\n")}\n`;
}

function reasonText({
  reason,
  detail,
}: {
  reason: HostVerdict["reason"];
  detail?: string | undefined;
}): string {
  return reason === "dnat" && detail !== undefined ? `dnat ${detail}` : reason;
}

function detailText({ detail }: PortVerdict): string {
  return detail === undefined ? "" : ` (${detail})`;
}
