/**
 * Asks for addresses on behalf of all groups that begin here. Groups that ask for the same address share one question, so that
 * they do not take the rate of questions from each other.
 *
 * As soon as a machine answers, it also asks for this host's gateways, and for unused addresses of that network. This shows
 * which machines answer for others.
 */
import type { WireFrame } from "../../wire/frame.ts";
import type { AdvertSubscription } from "../../wire/subscription.ts";
import {
  type AnswererRole,
  isTestAddress,
  roleOf,
  type TestAddresses,
  type TestAnswers,
  withTestAnswer,
} from "../answerers.ts";
import type { OwnLinks } from "../own-links.ts";
import { unusedNear } from "../unused-addresses.ts";

export interface AddressAskerOptions {
  /** From now on every advert on the interface is heard at once. If a MAC is given, the address is asked for. */
  readonly listen: (
    interfaceName: string,
    guarded: { address: string; mac: string | undefined; linkLocal: string | undefined },
  ) => AdvertSubscription;
  /** The gateways that this host sends to by an interface. */
  readonly readGateways: (interfaceName: string) => readonly string[];
  /** The addresses whose hosts run no VRRP. Never rejects. */
  readonly findHostsWithoutVrrp: (addresses: readonly string[]) => Promise<ReadonlySet<string>>;
}

export type Question = Pick<AdvertSubscription, "close">;

export interface AddressAsker {
  /** How many addresses are asked for. */
  readonly size: number;
  /** Each address is asked for this often, in ms: the listener sends 100 questions a second at most. */
  readonly roundMs: number;
  /** Asks for an address on an interface until the question is closed. */
  ask(interfaceName: string, address: string, own: OwnLinks): Question;
  /** Finds out who answers for others in the network of an address. @param taken addresses that are in use or may be. */
  test(interfaceName: string, address: string, own: OwnLinks, taken: () => ReadonlySet<string>): void;
  /** Takes every answer of another machine. @returns whether the answer shows what that machine is. */
  noteAnswer(frame: Pick<WireFrame, "interface" | "claim">): boolean;
  roleOf(interfaceName: string, mac: string): AnswererRole;
  isGateway(interfaceName: string, address: string): boolean;
  /** Asks whether the host at an address runs VRRP, now and then. */
  askForVrrp(address: string): void;
  mayRunVrrp(address: string): boolean;
  /** No group begins any more. */
  forget(): void;
}

/** As in src/wire/listener.pl. */
const ASK_INTERVAL_MS = 1_500;
const MAX_ASK_RATE = 100;
/** A machine that answers for unused addresses does so within this time. */
const TEST_MS = 10_000;
/** A large environment must not cost a flood of tests. */
const MAX_TESTED = 8;
/** A host that may run VRRP is asked again after this time: its container may have been killed, and have left its VIP. */
const VRRP_QUESTION_MS = 60_000;

interface LinkTest {
  readonly addresses: TestAddresses;
  readonly answers: TestAnswers;
}

const NO_TEST: LinkTest = { addresses: { gateways: new Set(), unused: [] }, answers: new Map() };

export function createAddressAsker(options: AddressAskerOptions): AddressAsker {
  const { listen, readGateways, findHostsWithoutVrrp } = options;
  const questions = new Map<string, { readonly subscription: AdvertSubscription; askers: number }>();
  const tests = new Map<string, LinkTest>();
  const tested = new Set<string>();
  const ends = new Map<NodeJS.Timeout, () => void>();
  const questionedMs = new Map<string, number>();
  const withoutVrrp = new Set<string>();

  const testOn = (link: string): LinkTest => tests.get(link) ?? NO_TEST;
  const ask: AddressAsker["ask"] = (link, address, own) => {
    const key = `${link} ${address}`;
    const [mac, linkLocal] = [own.macs.get(link), own.linkLocals.get(link)];
    const question = questions.get(key) ?? {
      subscription: listen(link, { address, mac, linkLocal }),
      askers: 0,
    };
    question.askers += 1;
    questions.set(key, question);
    let isOpen = true;
    return {
      close: () => {
        if (isOpen) question.askers -= 1;
        if (isOpen && question.askers === 0) {
          question.subscription.close();
          questions.delete(key);
        }
        isOpen = false;
      },
    };
  };
  const askForAWhile = (link: string, addresses: readonly string[], own: OwnLinks): void => {
    const opened = addresses.map((address) => ask(link, address, own));
    const end = () => {
      for (const question of opened) question.close();
      ends.delete(timer);
    };
    const timer = setTimeout(end, TEST_MS).unref();
    ends.set(timer, end);
  };
  return {
    get size() {
      return questions.size;
    },
    get roundMs() {
      return Math.max(ASK_INTERVAL_MS, (1_000 / MAX_ASK_RATE) * questions.size);
    },
    ask,
    test: (link, address, own, taken) => {
      const network = `${link} ${address.slice(0, Math.max(address.lastIndexOf("."), address.lastIndexOf(":")))}`;
      if (tested.has(network) || tested.size >= MAX_TESTED) return;
      tested.add(network);
      const { addresses, answers } = testOn(link);
      const gateways = addresses.gateways.size > 0 ? [] : readGateways(link);
      const known = new Set([...addresses.gateways, ...gateways]);
      const unused = unusedNear(address, new Set([...taken(), ...known]));
      tests.set(link, { addresses: { gateways: known, unused: [...addresses.unused, unused] }, answers });
      askForAWhile(link, [...gateways, ...unused], own);
    },
    noteAnswer: ({ interface: link, claim }) => {
      const { addresses, answers } = testOn(link);
      if (claim === undefined || !isTestAddress(addresses, claim.address)) return false;
      tests.set(link, { addresses, answers: withTestAnswer(answers, claim) });
      return true;
    },
    roleOf: (link, mac) => {
      const { addresses, answers } = testOn(link);
      return roleOf(mac, answers, addresses);
    },
    isGateway: (link, address) => testOn(link).addresses.gateways.has(address),
    askForVrrp: (address) => {
      const nowMs = performance.now();
      if (nowMs - (questionedMs.get(address) ?? Number.NEGATIVE_INFINITY) < VRRP_QUESTION_MS) return;
      questionedMs.set(address, nowMs);
      void findHostsWithoutVrrp([address]).then((found) => {
        if (found.has(address)) withoutVrrp.add(address);
        else withoutVrrp.delete(address);
      });
    },
    mayRunVrrp: (address) => !withoutVrrp.has(address),
    forget: () => {
      for (const [timer, end] of ends) {
        clearTimeout(timer);
        end();
      }
      for (const known of [tests, tested, questionedMs, withoutVrrp]) known.clear();
    },
  };
}
