/**
 * Listens for the owners of this host's groups: it holds a group that begins here back until it has listened for
 * another owner, and it reports which hosts are heard.
 */
import type { Logger } from "pino";
import { retainNames } from "../../text/by-name.ts";
import type { HostNameOf } from "../../text/host-text.ts";
import type { Advert } from "../../vrrp/advert.ts";
import { type Instance, vipsOf } from "../../vrrp/instance.ts";
import type { WireFrame } from "../../wire/frame.ts";
import { greeterOf } from "../../wire/hello.ts";
import { isHelloFor, meaningOf } from "../advert-meaning.ts";
import { createLastAdverts, type LastAdverts } from "../last-adverts.ts";
import { hearAdvert, hearAnswer, hearOwner, listeningStep, withListener } from "../listening.ts";
import { adviseOnOtherOwner, otherOwnerOf, PATIENCE_MS } from "../other-owner.ts";
import type { OwnLinks } from "../own-links.ts";
import type { OwnerPace } from "../owner-pace.ts";
import { type AddressAskerOptions, createAddressAsker } from "./address-asker.ts";
import {
  type Beginning,
  type BeginningGroup,
  heardUntil,
  isSameVips,
  listenerViewOf,
  openBeginning,
  recheckIn,
} from "./beginning.ts";
import { createHelloAnswers } from "./hellos.ts";
import type { OwnerByAnswerOptions } from "./owner-by-answer.ts";

export interface GroupListeningOptions extends OwnerByAnswerOptions, AddressAskerOptions {
  /** Keeps the VIPs of a group away for this reason. Undefined ends that. */
  readonly hold: (group: string, reason: string | undefined) => void;
  /** See `ListenerView`. */
  readonly isHost: (address: string) => boolean | undefined;
  /** Name of the host with an address, where metadata lists it. */
  readonly hostNameOf?: HostNameOf;
  /** A host owns the VIPs of a group, whether keepalived backs it up or not, or is about to run that group. */
  readonly onHeard: (address: string) => void;
  /** keepalived's advert interval of a group depends on it. */
  readonly pace: OwnerPace;
  /** The pace of a group has changed. */
  readonly onPace: () => void;
  readonly stateOf: (group: string) => string | undefined;
  readonly log: Logger;
}

export interface GroupListening {
  /**
   * Holds back the groups that this host's keepalived has not run since the agent started, until they have listened.
   * Groups that already listen continue.
   */
  begin(groups: readonly BeginningGroup[], own: OwnLinks): void;
  /** Sets what keepalived of this host runs. Its restart begins no group, because this host keeps listening. */
  setInForce(instances: readonly Instance[], own: OwnLinks): void;
  /** Takes every frame from the wire. */
  noteFrame(frame: WireFrame): void;
  /**
   * The addresses of the owners that this host backs up now. Their adverts need not be reported again: a group in the
   * state BACKUP shows that they still come. Undefined where such an owner's address is not known.
   */
  readonly ownersHeard: readonly string[] | undefined;
  /** Addresses that are in use or may be. */
  takenAddresses(): ReadonlySet<string>;
  readonly lastAdverts: Pick<LastAdverts, "previousOwner" | "strangerOf">;
  /** One sentence for each group that this host leaves to an owner that it does not back up, once that has lasted a moment. */
  advice(nowMs: number): string[];
  /** After this time the advice may differ; undefined where it cannot. */
  readonly recheckMs: number | undefined;
}

const OWNER_ANSWERS = "the owner answers this host's hello";

export function createGroupListening(options: GroupListeningOptions): GroupListening {
  const { hold, isHost, log } = options;
  const beginnings = new Map<string, Beginning>();
  const lastOwners = new Map<string, string>();
  const lastAdverts = createLastAdverts();
  const asker = createAddressAsker(options);
  const answerHello = createHelloAnswers(options);
  let inForce: readonly Instance[] = [];
  let own: OwnLinks = { addresses: new Set(), macs: new Map(), linkLocals: new Map(), down: new Set() };

  const end = (group: string): void => {
    beginnings.get(group)?.close();
    beginnings.delete(group);
    if (beginnings.size === 0) asker.forget();
    hold(group, undefined);
  };
  const isDown = ({ listening }: Beginning): boolean => own.down.has(listening.instance.interface);
  const restart = (beginning: Beginning): void => {
    beginning.listening = { ...beginning.listening, beganMs: performance.now() };
  };
  const setOwn = (ownNow: OwnLinks): void => {
    for (const beginning of beginnings.values()) if (isDown(beginning)) restart(beginning);
    own = ownNow;
  };
  const decide = (group: string): void => {
    const beginning = beginnings.get(group);
    if (beginning === undefined) return;
    clearTimeout(beginning.timer);
    // keepalived owns nothing on an interface that is down, and nothing is heard there: this host listens once it is up
    if (isDown(beginning)) restart(beginning);
    const nowMs = performance.now();
    const { ownerByAnswer } = beginning;
    const { instance } = beginning.listening;
    const listener = listenerViewOf(beginning, own, options, asker);
    const heardMs = heardUntil(beginning, nowMs);
    beginning.listening = withListener(beginning.listening, listener, heardMs);
    const step = listeningStep(beginning.listening, listener, heardMs);
    hold(group, step.phase === "listening" ? step.reason : undefined);
    if (step.phase === "listening" && step.owner !== undefined)
      ownerByAnswer.greet(instance, step.owner, step.isLate === true);
    beginning.other = otherOwnerOf(step, beginning.other, nowMs);
    if (step.phase !== "over") {
      beginning.timer = setTimeout(() => decide(group), recheckIn(step.recheckMs, nowMs - heardMs)).unref();
      return;
    }
    const fields = { group, because: step.because };
    if (step.because === "deaf" || step.because === "bound")
      log.warn(fields, "this host may own a group, although it could not hear whether another host does");
    else log.info(fields, "this host has listened for another owner");
    beginning.introduce();
    end(group);
  };
  const noteAdvert = (instance: Instance, advert: Advert): void => {
    lastAdverts.note(instance, advert, own.addresses, performance.now());
    const meaning = meaningOf(instance, advert, own.addresses);
    if (meaning === "nothing") return;
    if (meaning === "owner") {
      lastOwners.set(instance.name, advert.source);
      if (options.pace.noteAdvert(instance.name, advert)) options.onPace();
    }
    options.onHeard(advert.source);
    const beginning = beginnings.get(instance.name);
    if (beginning === undefined) return;
    // keepalived does not wait for such an owner yet
    const isSlower = advert.version === 3 && advert.intervalSeconds > instance.advertIntervalSeconds;
    const heard = { advert, meaning: isSlower ? "stranger" : meaning } as const;
    beginning.listening = hearAdvert(beginning.listening, heard, isHost, performance.now());
    decide(instance.name);
  };
  const start = (group: BeginningGroup): void => {
    const { name } = group.instance;
    beginnings.get(name)?.close();
    beginnings.set(name, openBeginning(group, own, options, asker));
    decide(name);
  };
  const isOwnMac = (mac: string): boolean => [...own.macs.values()].includes(mac);
  const noteClaim = (instance: Instance, { claim }: WireFrame): void => {
    if (claim === undefined) return;
    const isForVip = claim.address === instance.firstVip.address;
    const beginning = beginnings.get(instance.name);
    if (beginning === undefined) return;
    if (!isForVip && !beginning.ownerByAnswer.isAsked(claim.address)) return;
    asker.test(instance.interface, claim.address, own, takenAddresses);
    if (isForVip) beginning.ownerByAnswer.askForMembers(instance, own);
    beginning.listening = hearAnswer(beginning.listening, claim, performance.now());
    decide(instance.name);
  };
  /** The role of a machine that answered is the same for all groups that begin on the interface. */
  const noteAnswerer = (frame: WireFrame): void => {
    if (!asker.noteAnswer(frame)) return;
    for (const [group, { listening }] of beginnings)
      if (listening.instance.interface === frame.interface) decide(group);
  };
  const noteOwnerHello = (group: string, owner: string): void => {
    const beginning = beginnings.get(group);
    if (!beginning?.ownerByAnswer.isAsked(owner)) return;
    if (!beginning.listening.ownerHellos.has(owner)) log.info({ group, owner }, OWNER_ANSWERS);
    beginning.listening = hearOwner(beginning.listening, owner, performance.now());
    decide(group);
  };
  const noteHello = (instance: Instance, hello: Advert, mac: string): void => {
    if (!isHelloFor(instance, hello, own.addresses)) return;
    const { source: address } = hello;
    options.onHeard(address);
    const greeter = greeterOf(hello);
    if (greeter === "newcomer") answerHello(instance, { address, mac });
    else if (greeter === "owner") noteOwnerHello(instance.name, address);
  };
  /** keepalived keeps the state of a group that is only renamed. */
  const isInForce = ({ name, firstVip }: Instance): boolean =>
    inForce.some((other) => other.name === name || other.firstVip.address === firstVip.address);
  const namesOf = (instance: Instance): readonly string[] =>
    beginnings.get(instance.name)?.ownerByAnswer.identity(instance, own).addresses ?? [];
  /**
   * The group counts as keepalived runs it: keepalived does not hear a peer before its configuration has that
   * peer.
   */
  const watched = (): Instance[] => {
    const names = new Set(inForce.map(({ name }) => name));
    const starting = [...beginnings.values()].map(({ listening }) => listening.instance);
    return [...inForce, ...starting.filter(({ name }) => !names.has(name))];
  };

  const takenAddresses = (): Set<string> => {
    const groups = watched();
    const others = [...options.hostAddresses(), ...options.ownAddresses()];
    const peers = groups.flatMap(({ unicast }) => unicast?.peers ?? []);
    return new Set([...own.addresses, ...groups.flatMap(vipsOf), ...peers, ...others]);
  };

  return {
    begin: (groups, ownNow) => {
      setOwn(ownNow);
      const names = new Set(groups.map(({ instance }) => instance.name));
      for (const group of beginnings.keys()) if (!names.has(group)) end(group);
      for (const group of groups) {
        const known = beginnings.get(group.instance.name);
        if (known !== undefined && isSameVips(known.listening.instance, group.instance))
          known.listening = { ...known.listening, instance: group.instance };
        else if (known !== undefined || !isInForce(group.instance)) start(group);
      }
    },
    setInForce: (instances, ownNow) => {
      inForce = instances;
      setOwn(ownNow);
      const names = new Set(instances.map(({ name }) => name));
      retainNames(lastOwners, names);
      lastAdverts.retainGroups(names);
    },
    noteFrame: (frame) => {
      const isOthers = !isOwnMac(frame.mac);
      if (isOthers) noteAnswerer(frame);
      for (const instance of watched().filter((one) => one.interface === frame.interface)) {
        if (frame.advert !== undefined) noteAdvert(instance, frame.advert);
        if (frame.hello !== undefined) noteHello(instance, frame.hello, frame.mac);
        if (isOthers) noteClaim(instance, frame);
      }
    },
    get ownersHeard() {
      const backups = inForce.filter(({ name }) => options.stateOf(name) === "BACKUP");
      const owners = backups.map(({ name }) => lastOwners.get(name));
      const known = owners.filter((address) => address !== undefined);
      return known.length === owners.length ? known : undefined;
    },
    takenAddresses,
    lastAdverts,
    advice: (nowMs) =>
      [...beginnings.values()].flatMap(({ listening: { instance }, other }) =>
        adviseOnOtherOwner(instance, other, namesOf(instance), nowMs),
      ),
    get recheckMs() {
      return beginnings.size === 0 ? undefined : PATIENCE_MS;
    },
  };
}
