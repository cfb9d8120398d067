/** The hellos that this host sends to other hosts of a group: as a newcomer that is about to run it, or as its owner. */
import { familyOf } from "../../network/address.ts";
import type { Instance } from "../../vrrp/instance.ts";
import type { LinkPacket } from "../../wire/address-probe.ts";
import { type Greeter, helloPacket } from "../../wire/hello.ts";
import type { AnsweringOwner } from "../claims.ts";

/** Sends a packet on the interface once. */
export type SendPacket = (interfaceName: string, packet: LinkPacket) => void;

/** The shortest time between two answers to one host: a newcomer says hello once a second. */
const ANSWER_INTERVAL_MS = 900;
/** What a host is by keepalived's state. In FAULT it may be a backup soon, and the newcomer must know it then. */
const ANSWERING_STATES: ReadonlyMap<string, Greeter> = new Map([
  ["MASTER", "owner"],
  ["BACKUP", "backup"],
  ["FAULT", "backup"],
]);
/** Forged senders must not cause a flood of answers, or cost a real sender its answer: the limit of MACs for one address in that time. */
const MAX_MACS = 4;
/** The limit of addresses that metadata does not list: an owner must also answer a newcomer that it does not know. */
const MAX_UNLISTED = 64;

export function sayHello(
  send: SendPacket,
  by: Greeter,
  { interface: link, unicast, firstVip }: Instance,
  { address, mac }: AnsweringOwner,
): void {
  // multicast adverts need no hello: every host hears them
  if (unicast === undefined) return;
  const families = new Set([unicast.source, firstVip.address, address].map(familyOf));
  if (families.size > 1) return;
  send(
    link,
    helloPacket({
      source: unicast.source,
      destination: address,
      destinationMac: mac,
      vip: firstVip.address,
      by,
    }),
  );
}

/** Tells a host that said hello what this host is in the group. */
export type AnswerHello = (instance: Instance, newcomer: AnsweringOwner) => void;

export interface HelloAnswersOptions {
  readonly send: SendPacket;
  readonly stateOf: (group: string) => string | undefined;
  /** Whether an address is one of the environment's hosts. Undefined while that is not known. */
  readonly isHost: (address: string) => boolean | undefined;
}

/** @returns what answers each newcomer, at a bounded rate. */
export function createHelloAnswers({ send, stateOf, isHost }: HelloAnswersOptions): AnswerHello {
  const hosts = createAnsweredHosts();
  return (instance, newcomer) => {
    const by = ANSWERING_STATES.get(stateOf(instance.name) ?? "");
    if (by === undefined) return;
    const { address, mac } = newcomer;
    if (hosts.admit(`${by} ${instance.name} ${address}`, mac, isHost(address) === true))
      sayHello(send, by, instance, newcomer);
  };
}

/** The hosts that were answered a moment ago. */
function createAnsweredHosts(): { admit(host: string, mac: string, isListed: boolean): boolean } {
  const answers = new Map<string, Map<string, number>>();
  const forgetOld = (nowMs: number): void => {
    for (const [host, macs] of answers) {
      for (const [mac, atMs] of macs) if (nowMs - atMs >= ANSWER_INTERVAL_MS) macs.delete(mac);
      if (macs.size === 0) answers.delete(host);
    }
  };
  return {
    admit: (host, mac, isListed) => {
      const nowMs = performance.now();
      forgetOld(nowMs);
      const macs = answers.get(host) ?? new Map<string, number>();
      if (macs.has(mac) || macs.size >= MAX_MACS || (!isListed && answers.size >= MAX_UNLISTED)) return false;
      answers.set(host, macs.set(mac, nowMs));
      return true;
    },
  };
}
