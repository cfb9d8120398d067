/** What a client and the kernel saw of the VIP while something went wrong. */
import type { Host } from "../lab/host.ts";
import type { Lab } from "../lab/lab.ts";
import { beyondStalls } from "../lab/stall.ts";
import { pastStartup, settled, VIP } from "../scenario.ts";

/** Times are ms, each of the longest stretch, beyond the machine's own stalls. */
export interface Sight {
  /** In which a client got no answer. */
  readonly silentMs: number;
  /** In which no host had the VIP on an interface. */
  readonly ownerlessMs: number;
  /** In which two hosts had it. */
  readonly doubledMs: number;
  /** How often a host took it. */
  readonly moves: number;
  /** How often the host took it that had it before. More than one other may, where a busy machine delays adverts. */
  readonly returns: number;
}

/** Does something to a lab whose VIP has an owner and a backup that could take it at once, and prints a line of figures. */
export async function watched(
  lab: Lab,
  what: string,
  act: (owner: Host, others: readonly Host[]) => Promise<void>,
): Promise<Sight> {
  const owner = await settled(lab);
  await pastStartup(
    lab.hosts.filter((host) => host !== owner),
    1,
  );
  const prober = lab.probe(VIP);
  await prober.awaitAnswer(owner.name);
  const sinceMs = Date.now();
  await act(
    owner,
    lab.hosts.filter((host) => host !== owner),
  );
  const report = await prober.stop({ sinceMs });
  const vacancyMs = lab.ownership.vacancy(VIP, sinceMs);
  const doubleMs = lab.ownership.doubleOwnership(VIP, sinceMs);
  const [silentMs, ownerlessMs, doubledMs] = [report.longestSilenceMs, vacancyMs, doubleMs].map((ms) =>
    Math.round(beyondStalls(ms, report)),
  ) as [number, number, number];
  const sight = {
    silentMs,
    ownerlessMs,
    doubledMs,
    moves: lab.ownership.transitions(VIP, sinceMs),
    returns: lab.ownership.tenures(VIP).filter(({ host, fromMs }) => host === owner.name && fromMs >= sinceMs)
      .length,
  };
  const figures = [
    `client silent ${Math.round(report.longestSilenceMs)} ms`,
    `no owner ${Math.round(vacancyMs)} ms`,
    `two owners ${Math.round(doubleMs)} ms`,
    `${sight.moves} moves`,
    `stalls ${Math.round(report.longestPauseMs)} ms`,
  ];
  process.stdout.write(`measured: ${what}: ${figures.join(", ")}\n`);
  return sight;
}
