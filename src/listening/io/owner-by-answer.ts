/**
 * Makes this host and the owner of a group known to each other, if metadata does not.
 *
 * While it listens, this host says hello to the link, so that hosts that begin at the same time send it adverts. It
 * asks by ARP or neighbour discovery for the addresses of members. It says hello to the member whose MAC also answers
 * for the VIP, and asks whether VRRP runs there.
 */
import { familyOf } from "../../network/address.ts";
import { DOCKER0_ADDRESS } from "../../network/shared-address.ts";
import type { Instance } from "../../vrrp/instance.ts";
import { MULTICAST_GROUP } from "../../vrrp/protocol.ts";
import type { OwnIdentity } from "../answers.ts";
import type { AnsweringOwner } from "../claims.ts";
import { RECHECK_MS } from "../heard.ts";
import type { OwnLinks } from "../own-links.ts";
import type { AddressAsker, Question } from "./address-asker.ts";
import { type SendPacket, sayHello } from "./hellos.ts";

export interface OwnerByAnswerOptions {
  readonly send: SendPacket;
  /** The addresses that metadata lists for this host. */
  readonly ownAddresses: () => readonly string[];
  /** The addresses of the environment's other hosts, members or not, as far as they are known. */
  readonly hostAddresses: () => readonly string[];
}

export interface OwnerByAnswer {
  /** How the other hosts know this host. */
  identity(instance: Instance, own: OwnLinks): OwnIdentity;
  /** Asks whether another machine has an address of this host. */
  askForTwin(instance: Instance, own: OwnLinks): void;
  /** Asks which member has the VIPs. */
  askForMembers(instance: Instance, own: OwnLinks): void;
  isAsked(address: string): boolean;
  /**
   * Tells the link that this host is about to run the group, while that is new and the answers can be heard. Called
   * again at the end of listening, it makes sure that the hello was sent once.
   */
  introduce(instance: () => Instance, canHear: () => boolean): void;
  /** Tells the owner that this host is there. @param isUrgent the owner's answer is needed soon. */
  greet(instance: Instance, owner: AnsweringOwner, isUrgent: boolean): void;
  close(): void;
}

/** The owner may have been started, or have read its list of hosts, since the last hello. */
const HELLO_INTERVAL_MS = 1_000;
/** After this time hellos are rare: the hosts that needed one have heard it. */
const NEW_MS = 15_000;
const LATE_HELLO_INTERVAL_MS = 10_000;
const MULTICAST_MAC = { ipv4: "01:00:5e:00:00:12", ipv6: "33:33:00:00:00:12" } as const;
/** A large environment must not cause a flood of questions. Peers are asked before other hosts, and have the same limit. */
const MAX_HOSTS_ASKED = 128;
const MAX_ASKED = 256;

export function createOwnerByAnswer(options: OwnerByAnswerOptions, asker: AddressAsker): OwnerByAnswer {
  const questions = new Map<string, Question>();
  const beganMs = performance.now();
  let helloMs = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  let isIntroduced = false;

  const ask = (
    { interface: link }: Instance,
    own: OwnLinks,
    addresses: readonly string[],
    most = MAX_ASKED,
  ): void => {
    for (const address of addresses)
      if (!questions.has(address) && asker.size < most) questions.set(address, asker.ask(link, address, own));
  };
  const isNew = (): boolean => performance.now() - beganMs < NEW_MS;
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
      const elsewhere = (addresses: readonly string[]) =>
        addresses.filter((address) => !own.addresses.has(address) && address !== DOCKER0_ADDRESS);
      ask(instance, own, elsewhere(instance.unicast.peers));
      ask(instance, own, elsewhere(options.hostAddresses()), MAX_HOSTS_ASKED);
    },
    isAsked: (address) => questions.has(address),
    introduce: (instanceNow, canHear) => {
      const introduce = () => {
        if (!canHear()) {
          timer = setTimeout(introduce, RECHECK_MS).unref();
          return;
        }
        isIntroduced = true;
        const instance = instanceNow();
        const family = familyOf(instance.firstVip.address);
        const link = { address: MULTICAST_GROUP[family], mac: MULTICAST_MAC[family] };
        sayHello(options.send, "newcomer", instance, link);
        if (isNew()) timer = setTimeout(introduce, HELLO_INTERVAL_MS).unref();
      };
      if (!isIntroduced) introduce();
    },
    greet: (instance, owner, isUrgent) => {
      asker.askForVrrp(owner.address);
      const nowMs = performance.now();
      if (nowMs - helloMs < (isNew() || isUrgent ? HELLO_INTERVAL_MS : LATE_HELLO_INTERVAL_MS)) return;
      helloMs = nowMs;
      sayHello(options.send, "newcomer", instance, owner);
    },
    close: () => {
      clearTimeout(timer);
      for (const question of questions.values()) question.close();
      questions.clear();
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
