/** The hellos that this host says to others of a group: as one that is about to run it, or as its owner. */
import { familyOf } from "../../network/address.ts";
import type { Instance } from "../../vrrp/instance.ts";
import type { LinkPacket } from "../../wire/address-probe.ts";
import { type Greeter, helloPacket } from "../../wire/hello.ts";
import type { AnsweringOwner } from "../claims.ts";

/** Sends a packet on the interface once. */
export type SendPacket = (interfaceName: string, packet: LinkPacket) => void;

/** Each host is answered this often at most: a newcomer says hello once a second. */
const ANSWER_INTERVAL_MS = 900;
/** A host that cannot own the VIPs answers nobody. */
const ANSWERING_STATES: ReadonlyMap<string, Greeter> = new Map([
  ["MASTER", "owner"],
  ["BACKUP", "backup"],
]);
/** Made-up senders must not cost a flood of answers: so many in that time. */
const MAX_ANSWERED = 64;

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

/** @returns what answers each newcomer, at a bounded rate. */
export function createHelloAnswers(
  send: SendPacket,
  stateOf: (group: string) => string | undefined,
): AnswerHello {
  const answeredMs = new Map<string, number>();
  return (instance, newcomer) => {
    const by = ANSWERING_STATES.get(stateOf(instance.name) ?? "");
    if (by === undefined) return;
    const nowMs = performance.now();
    const key = `${by} ${instance.name} ${newcomer.address}`;
    for (const [other, atMs] of answeredMs) if (nowMs - atMs >= ANSWER_INTERVAL_MS) answeredMs.delete(other);
    if (answeredMs.has(key) || answeredMs.size >= MAX_ANSWERED) return;
    answeredMs.set(key, nowMs);
    sayHello(send, by, instance, newcomer);
  };
}
