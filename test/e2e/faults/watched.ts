/** What a client and the kernel saw of the VIP while something went wrong. */
import type { Host } from "../lab/host.ts";
import type { Lab } from "../lab/lab.ts";
import { pastStartup, settled, VIP } from "../scenario.ts";

/** Times are ms, each of the longest stretch. */
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
  const { longestSilenceMs } = await prober.stop({ sinceMs });
  const sight = {
    silentMs: Math.round(longestSilenceMs),
    ownerlessMs: Math.round(lab.ownership.vacancy(VIP, sinceMs)),
    doubledMs: Math.round(lab.ownership.doubleOwnership(VIP, sinceMs)),
    moves: lab.ownership.transitions(VIP, sinceMs),
    returns: lab.ownership.tenures(VIP).filter(({ host, fromMs }) => host === owner.name && fromMs >= sinceMs)
      .length,
  };
  const { silentMs, ownerlessMs, doubledMs, moves } = sight;
  process.stdout.write(
    `measured: ${what}: client silent ${silentMs} ms, no owner ${ownerlessMs} ms, two owners ${doubledMs} ms, ${moves} moves\n`,
  );
  return sight;
}
