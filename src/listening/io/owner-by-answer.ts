/**
 * Makes this host and the owner of a group known to each other, where metadata does not.
 *
 * While it listens, this host says hello to the link, so that hosts that begin at the same time send it adverts. It
 * asks by ARP or neighbour discovery for the addresses of members. It says hello to the member whose MAC also answers
 * for the VIP, and asks whether VRRP runs there.
 */
import { familyOf } from "../../network/address.ts";
import { DOCKER0_ADDRESS } from "../../network/shared-address.ts";
import type { Instance } from "../../vrrp/instance.ts";
import type { LinkPacket } from "../../wire/address-probe.ts";
import { helloPacket } from "../../wire/hello.ts";
import type { AdvertSubscription } from "../../wire/subscription.ts";
import type { OwnIdentity } from "../answers.ts";
import type { AnsweringOwner } from "../claims.ts";
import type { OwnLinks } from "../own-links.ts";

export interface OwnerByAnswerOptions {
  /** Has every advert on the interface heard at once, and the address asked for where a MAC is given. */
  readonly listen: (
    interfaceName: string,
    guarded: { address: string; mac: string | undefined; linkLocal: string | undefined },
  ) => AdvertSubscription;
  /** Sends a packet on the interface once. */
  readonly send: (interfaceName: string, packet: LinkPacket) => void;
  /** The addresses that metadata lists for this host. */
  readonly ownAddresses: () => readonly string[];
  /** The addresses of the environment's other hosts, members or not, as far as they are known. */
  readonly hostAddresses: () => readonly string[];
  /** The addresses whose hosts run no VRRP. Never rejects. */
  readonly findHostsWithoutVrrp: (addresses: readonly string[]) => Promise<ReadonlySet<string>>;
}

export interface OwnerByAnswer {
  /** How this host is known to the others. */
  identity(instance: Instance, own: OwnLinks): OwnIdentity;
  /** Asks whether another machine has an address of this host. */
  askForTwin(instance: Instance, own: OwnLinks): void;
  /** Asks which member has the VIPs. */
  askForMembers(instance: Instance, own: OwnLinks): void;
  isAsked(address: string): boolean;
  /** Tells the link that this host is about to run the group, as long as that is new. */
  introduce(instance: () => Instance): void;
  /** Tells the owner that this host is there. */
  greet(instance: Instance, owner: AnsweringOwner): void;
  mayRunVrrp(address: string): boolean;
  close(): void;
}

/** The owner may have been started, or have read its list of hosts, since the last hello. */
const HELLO_INTERVAL_MS = 1_000;
/** After this time hellos are rare: the hosts that needed one have heard it. */
const NEW_MS = 15_000;
const LATE_HELLO_INTERVAL_MS = 10_000;
/** The multicast group of VRRP, and its MAC. */
const GROUP = { ipv4: ["224.0.0.18", "01:00:5e:00:00:12"], ipv6: ["ff02::12", "33:33:00:00:00:12"] } as const;
/** A host that may run VRRP is asked again after this time: its container may have been killed, and its VIP be left. */
const VRRP_QUESTION_MS = 60_000;
/** A large environment must not cost a flood of questions. */
const MAX_ASKED = 128;

export function createOwnerByAnswer(options: OwnerByAnswerOptions): OwnerByAnswer {
  const { listen, send, findHostsWithoutVrrp } = options;
  const subscriptions = new Map<string, AdvertSubscription>();
  const questionedMs = new Map<string, number>();
  const withoutVrrp = new Set<string>();
  const beganMs = performance.now();
  let helloMs = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;

  const ask = ({ interface: link }: Instance, own: OwnLinks, addresses: readonly string[]): void => {
    for (const address of addresses) {
      if (subscriptions.has(address) || subscriptions.size >= MAX_ASKED) continue;
      const [mac, linkLocal] = [own.macs.get(link), own.linkLocals.get(link)];
      subscriptions.set(address, listen(link, { address, mac, linkLocal }));
    }
  };
  const questionVrrp = (address: string): void => {
    const nowMs = performance.now();
    if (nowMs - (questionedMs.get(address) ?? Number.NEGATIVE_INFINITY) < VRRP_QUESTION_MS) return;
    questionedMs.set(address, nowMs);
    void findHostsWithoutVrrp([address]).then((found) => {
      if (found.has(address)) withoutVrrp.add(address);
      else withoutVrrp.delete(address);
    });
  };
  const isNew = (): boolean => performance.now() - beganMs < NEW_MS;
  const sayHello = ({ interface: link, unicast, firstVip }: Instance, { address, mac }: AnsweringOwner) => {
    // multicast adverts need no hello: every host hears them
    if (unicast === undefined || familyOf(unicast.source) !== familyOf(firstVip.address)) return;
    const { source } = unicast;
    send(link, helloPacket({ source, destination: address, destinationMac: mac, vip: firstVip.address }));
  };
  const identity: OwnerByAnswer["identity"] = ({ unicast, interface: link }, own) => ({
    addresses: unicast === undefined ? [] : namesOf(unicast.source, options.ownAddresses(), own),
    isLocal: (address) => own.addresses.has(address),
    mac: own.macs.get(link),
  });

  return {
    identity,
    askForTwin: (instance, own) => ask(instance, own, identity(instance, own).addresses),
    askForMembers: (instance, own) => {
      if (instance.unicast === undefined) return;
      const others = [...instance.unicast.peers, ...options.hostAddresses()];
      const asked = others.filter((address) => !own.addresses.has(address) && address !== DOCKER0_ADDRESS);
      ask(instance, own, asked);
    },
    isAsked: (address) => subscriptions.has(address),
    introduce: (instanceNow) => {
      const introduce = () => {
        const instance = instanceNow();
        const [address, mac] = GROUP[familyOf(instance.firstVip.address)];
        sayHello(instance, { address, mac });
        if (isNew()) timer = setTimeout(introduce, HELLO_INTERVAL_MS).unref();
      };
      introduce();
    },
    greet: (instance, owner) => {
      questionVrrp(owner.address);
      const nowMs = performance.now();
      const isOfFamily = familyOf(owner.address) === familyOf(instance.firstVip.address);
      const isTooSoon = nowMs - helloMs < (isNew() ? HELLO_INTERVAL_MS : LATE_HELLO_INTERVAL_MS);
      if (!isOfFamily || isTooSoon) return;
      helloMs = nowMs;
      sayHello(instance, owner);
    },
    mayRunVrrp: (address) => !withoutVrrp.has(address),
    close: () => {
      clearTimeout(timer);
      for (const subscription of subscriptions.values()) subscription.close();
      subscriptions.clear();
    },
  };
}

/**
 * Every Docker host has docker0's address. Other hosts may also have any other address that this host does not send
 * from.
 */
function namesOf(source: string, listed: readonly string[], own: OwnLinks): string[] {
  const elsewhere = listed.filter((address) => address !== DOCKER0_ADDRESS && !own.addresses.has(address));
  return [...new Set([source, ...elsewhere])];
}
