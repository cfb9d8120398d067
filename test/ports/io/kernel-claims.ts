/** What the walk says of each client of the lab, held against where the kernel let it arrive. */

import type { Rule } from "../../../src/iptables/rule.ts";
import { parseEarlier, parseTable, type Table } from "../../../src/iptables/table.ts";
import { earlierTablesIn } from "../../../src/iptables/table-read.ts";
import { addressNumber } from "../../../src/network/masked-network.ts";
import { walkNatTable } from "../../../src/ports/nat-walk.ts";
import type { PortFinding } from "../../../src/ports/published-port.ts";
import { judgePorts } from "../../../src/ports/published-ports.ts";
import type { NatOutcome } from "../../../src/ports/translation-target.ts";
import type { Arrival } from "../../../src/ports/walk-steps.ts";
import {
  type AskedPort,
  CLIENTS,
  CONTAINERS,
  HOST,
  type KernelLab,
  RANCHERS_LOCAL_PORT,
  SPREAD_CLIENTS,
  VIP,
} from "./kernel-lab.ts";

export interface Played {
  readonly verdict: PortFinding["verdict"];
  /** What the kernel did otherwise. */
  readonly faults: readonly string[];
}

/** Loads a table, has every client ask each port, and judges the same rules. */
export async function play(lab: KernelLab, table: string, ports: readonly AskedPort[]): Promise<Played[]> {
  const save = await lab.load(table);
  const arrived = await lab.ask(ports);
  const parsed = parseTable(save, "nat");
  if (!("chains" in parsed)) throw new Error(`${parsed.problem}: ${save}`);
  const earlier = earlierTablesIn(save).flatMap((one) => {
    const read = parseEarlier(one);
    return read === undefined || "problem" in read ? [] : [read];
  });
  const whole = { ...parsed, earlier };
  return ports.map((asked, index) => judgePlayed(lab, { save, table: whole }, asked, arrived[index] ?? []));
}

function judgePlayed(
  lab: KernelLab,
  { save, table }: { readonly save: string; readonly table: Table },
  asked: AskedPort,
  arrived: readonly string[],
): Played {
  const read = {
    nft: { kind: "absent" },
    legacy: { kind: "absent" },
    [lab.backend]: { kind: "table", text: save },
    earlier: earlierTablesIn(save),
  };
  const question = { ...asked, address: VIP, interface: lab.uplink };
  const { ports } = judgePorts(read as Parameters<typeof judgePorts>[0], [question]);
  const [finding] = ports;
  if (finding === undefined) throw new Error("no finding");
  const destination = addressNumber(VIP) ?? "any";
  const packet = { ...asked, family: "ipv4", destination, inInterface: lab.uplink } as const;
  const arrivals = walkNatTable(table, packet);
  const named = new Set(lossesAmong(arrivals));
  const fault = (text: string) =>
    `${asked.port}/${asked.protocol} ${finding.verdict} ${finding.detail}: ${text}`;
  const faults = CLIENTS.flatMap((client, index) => {
    const at = arrived[index] ?? "";
    const claims = arrivals.filter((arrival) => isAmong(client, arrival)).map(({ outcome }) => outcome);
    const wrong = claims.some((outcome) => isAsClaimed(outcome, asked, at))
      ? []
      : [fault(`${client} came to ${at}, claimed ${claims.map(textOf).join(" or ")}`)];
    const isLost = finding.verdict === "healthy" && !named.has(client) && !isRanchers(at);
    return isLost ? [...wrong, fault(`${client} came to ${at}, and is no exception`)] : wrong;
  });
  // whom a firewall drops before the nat tables is no client
  const counted = SPREAD_CLIENTS.filter((client) => {
    const among = arrivals.filter((arrival) => isAmong(client, arrival));
    return among.some(({ outcome }) => outcome.kind !== "dropped");
  });
  const through = counted.filter((client) => isRanchers(arrived[CLIENTS.indexOf(client)] ?? "")).length;
  const isFalse =
    (finding.verdict === "healthy" && through < counted.length / 2) ||
    (finding.verdict === "unhealthy" && through > counted.length / 2);
  const share = `${through} of ${counted.length} clients came through`;
  return { verdict: finding.verdict, faults: isFalse ? [fault(share), ...faults] : faults };
}

/** A list whose entries are not known has no client of the lab. */
function isAmong(client: string, { clients }: Arrival): boolean {
  const number = addressNumber(client)?.number ?? -1n;
  return clients.some(
    ({ sources, isFew }) => !isFew && sources.some(([first, last]) => first <= number && number <= last),
  );
}

/** The clients for which the verdict names an exception. */
function lossesAmong(arrivals: readonly Arrival[]): string[] {
  const losses = arrivals.filter(({ outcome }) => outcome.kind !== "translated");
  return CLIENTS.filter((client) => losses.some((loss) => isAmong(client, loss)));
}

function isAsClaimed({ kind, rule }: NatOutcome, asked: AskedPort, arrived: string): boolean {
  if (kind === "unread") return true;
  if (kind === "dropped") return arrived === "timeout";
  if (rule?.target?.name === "TPROXY") return !isRanchers(arrived);
  // rules behind Rancher's chain may still take those that it left
  if (kind === "unmatched" || (kind === "stopped" && rule.target?.name === "RETURN"))
    return !isRanchers(arrived);
  return arrived === destinationOf(rule, asked);
}

function destinationOf(rule: Rule | undefined, { port }: AskedPort): string {
  const optionOf = (wanted: string) => rule?.target?.options.find(({ name }) => name === wanted)?.values[0];
  if (rule?.target?.name === "REDIRECT") return `${HOST}:${optionOf("--to-ports") ?? port}`;
  if (rule?.target?.name === "NETMAP") return `${optionOf("--to")?.replace("/32", "")}:${port}`;
  const to = optionOf("--to-destination");
  if (rule?.target?.name !== "DNAT" || to === undefined) return `${VIP}:${port}`;
  return to.includes(":") ? to : `${to}:${port}`;
}

function isRanchers(arrived: string): boolean {
  const isLocal = arrived === `${HOST}:${RANCHERS_LOCAL_PORT}`;
  return isLocal || CONTAINERS.some((address) => arrived.startsWith(`${address}:`));
}

function textOf({ kind, rule }: NatOutcome): string {
  return `${kind} by ${rule?.chain ?? "nothing"} ${rule?.target?.name ?? ""}`;
}
