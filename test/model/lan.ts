/**
 * The LAN of the model: carries adverts between machines, each some tenths of a millisecond late, in order.
 *
 * It may lose one of an owner's adverts in a row, and neither its first one nor a farewell: more of them lost is a cut
 * cable, and hosts that do not hear each other both own the VIP whatever any agent does.
 */
import { isMulticast } from "../../src/vrrp/accepted-advert.ts";
import type { Advert } from "../../src/vrrp/advert.ts";
import type { Chance } from "./chance.ts";
import type { Clock } from "./clock.ts";

const LOSS_PROBABILITY = 0.02;
/** Adverts of one owner are no further apart than this many of its intervals: a later one is its first again. */
const ROW_INTERVALS = 1.5;

/** The last advert that went from one machine to another. */
interface Carried {
  readonly advert: Advert;
  readonly atMs: number;
  readonly isLost: boolean;
}

/** What is plugged in. */
export interface Station {
  readonly name: string;
  /** Whether a unicast packet to the address arrives here. */
  hasAddress(address: string): boolean;
  /** Whether a program receives VRRP there; a frozen one does. */
  readonly runsVrrp: boolean;
  /** Whether its kernel answers ARP for the address. */
  answersFor(address: string): boolean;
  /** @param mac of the sender: its name. */
  receive(advert: Advert, mac: string): void;
}

export class Lan {
  readonly #stations: Station[] = [];
  readonly #clock: Clock;
  readonly #chance: Chance;
  readonly #last = new Map<string, Carried>();

  constructor(clock: Clock, chance: Chance) {
    [this.#clock, this.#chance] = [clock, chance];
  }

  plugIn(station: Station): void {
    this.#stations.push(station);
  }

  /** @param from the name of the sender, which does not hear itself. */
  send(from: string, advert: Advert): void {
    const isForAll = isMulticast(advert.destination);
    for (const station of this.#stations) {
      if (station.name === from) continue;
      if (isForAll || station.hasAddress(advert.destination)) this.#carry(from, station, advert);
    }
  }

  /** What a host finds out that asks the one at this address (src/wire/io/vrrp-probe.ts). */
  runsVrrp(address: string): boolean {
    return this.#stations.some((station) => station.hasAddress(address) && station.runsVrrp);
  }

  /** The machines other than `from` that answer for the address, by name, which is their MAC, too. */
  answerers(from: string, address: string): string[] {
    const others = this.#stations.filter(({ name }) => name !== from);
    return others.filter((station) => station.answersFor(address)).map(({ name }) => name);
  }

  #carry(from: string, station: Station, advert: Advert): void {
    const cable = `${from} ${station.name}`;
    const delayMs = this.#chance.between(1, 20) / 10;
    const last = this.#last.get(cable);
    const atMs = Math.max(this.#clock.nowMs + delayMs, last?.atMs ?? 0);
    const isLost = isInRow(last, advert, atMs) && this.#chance.isChance(LOSS_PROBABILITY);
    this.#last.set(cable, { advert, atMs, isLost });
    if (!isLost) this.#clock.at(atMs, () => station.receive(advert, from));
  }
}

/** Whether the advert is one of many alike: the next one makes up for it. */
function isInRow(last: Carried | undefined, { priority, intervalSeconds }: Advert, atMs: number): boolean {
  if (last === undefined || last.isLost || priority === 0) return false;
  const isAlike = last.advert.priority === priority && last.advert.intervalSeconds === intervalSeconds;
  return isAlike && atMs - last.atMs < ROW_INTERVALS * 1_000 * intervalSeconds;
}
