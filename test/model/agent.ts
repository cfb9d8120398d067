/**
 * The agent of one container: its own code, wired as src/agent wires it. Only what touches a real host is the model's:
 * when metadata is asked, how long a reading and a reload take, keepalived, and the files.
 */

import { beginGroups, ownLinks } from "../../src/agent/begin-groups.ts";
import { type ListeningPart, openListening } from "../../src/agent/open-listening.ts";
import { parseAppliedConf } from "../../src/conf/applied.ts";
import { AgentError } from "../../src/errors.ts";
import { deriveDesiredState, refusedVips } from "../../src/groups/desired-state.ts";
import { describeLostSource } from "../../src/groups/instance-on-host.ts";
import { resolveGroups } from "../../src/groups/resolved-groups.ts";
import { createUnknownSenders } from "../../src/keepalived/unknown-senders.ts";
import type { BeginningGroup } from "../../src/listening/io/beginning.ts";
import type { MetadataClient } from "../../src/metadata/io/client.ts";
import { createMetadataStore, type MetadataStore } from "../../src/metadata/io/store.ts";
import { memberAddresses } from "../../src/metadata/members.ts";
import { type HostNetwork, withoutAddresses } from "../../src/network/host-network.ts";
import { ownAddresses } from "../../src/network/shared-address.ts";
import { openPlannedChanges, type PlannedChanges } from "../../src/planned-change/io/planned-changes.ts";
import type { Advert } from "../../src/vrrp/advert.ts";
import { type Desired, type Instance, vipsOf } from "../../src/vrrp/instance.ts";
import type { WireFrame } from "../../src/wire/frame.ts";
import { hearAsBefore, type ListenerBefore } from "./adverts-before.ts";
import type { ProcessClock } from "./clock.ts";
import { Health } from "./health.ts";
import type { Host } from "./host.ts";
import { KeepalivedRunner } from "./keepalived-runner.ts";
import { MetadataReader } from "./metadata-reader.ts";
import { PACE, SILENT, settingsOf } from "./settings.ts";
import { Wire } from "./wire.ts";

/** From the start of the container to the agent's first question. */
const BOOT_MS = { lowest: 300, highest: 600 };
/** From a text that differs to a keepalived that runs it and confirmed it. */
const APPLY_MS = { lowest: 30, highest: 90 };
/** Of src/agent/reconcile-loop.ts and src/agent/reconcile.ts. */
const RELOAD_GAP_MS = 2_000;
const RETRY_MS = 5_000;

export class Agent {
  readonly keepalived: KeepalivedRunner;
  readonly health: Health;
  readonly #machine: Host;
  readonly #clock: ProcessClock;
  readonly #wire: Wire;
  readonly #unknownSenders = createUnknownSenders((address) => {
    if (this.#listening !== undefined) this.#listening.heardMembers.note(address, false);
  });
  #store: MetadataStore | undefined;
  #plannedChanges: PlannedChanges | undefined;
  #listening: ListeningPart | undefined;
  #reader: MetadataReader | undefined;
  #lastConfirmed: readonly Instance[] = [];
  #inForce: readonly Instance[] = [];
  #text = "";
  #heldVips: ReadonlySet<string> = new Set();
  #isPassing = false;
  #isFired = false;
  #nextReloadMs = Number.NEGATIVE_INFINITY;
  #timer = 0;

  constructor(machine: Host, clock: ProcessClock) {
    [this.#machine, this.#clock] = [machine, clock];
    this.health = new Health({
      clock,
      pace: PACE,
      isWell: () => machine.isHealthy,
      onTrackFile: () => this.keepalived.checkTrackFiles(),
    });
    this.keepalived = new KeepalivedRunner({
      clock,
      host: machine,
      health: this.health,
      onState: (group, state) => {
        this.#say(`${group} is ${state}`);
        if (this.#plannedChanges?.isUnderWay) this.fire();
      },
      onUnknownSender: (line) => this.#unknownSenders.observe(line, this.#clock.nowMs),
      onLine: (text) => this.#say(text),
    });
    this.#wire = new Wire({
      clock,
      onOpen: () => this.fire(),
      onAdvert: (advert, mac) => this.#noteFrame({ advert }, mac),
      onHello: (hello) => this.#noteFrame({ hello }),
      onSend: (advert) => machine.send(advert),
      answerers: (address) => machine.answerers(address),
      onAnswer: (address, mac) => this.#noteFrame({ claim: { address, mac } }, mac),
    });
  }

  start(): void {
    const { chance } = this.#machine.options;
    this.#clock.in(chance.between(BOOT_MS.lowest, BOOT_MS.highest), () => this.#boot());
  }

  receive(advert: Advert, mac: string): void {
    this.#wire.receive(advert, mac);
    this.keepalived.receive(advert);
  }

  /** What it runs, and what it holds back: all of an agent's state but its timers. */
  describe(): unknown {
    return {
      running: this.keepalived.describe(),
      holds: [...this.health.holds],
      isHealthy: this.health.isHealthy,
      changing: [...(this.#plannedChanges?.changing ?? [])],
      members: this.#store?.view?.members,
    };
  }

  /** The watchdog emptied the track files, or the agent noticed the gap itself. */
  noticeFreeze(): void {
    this.health.reset();
  }

  /** The kernel told of a change of addresses. */
  noticeNetwork(): void {
    this.#holdUnheard();
    this.fire();
  }

  /** Reconciles soon: at once, or when the next reload may be. */
  fire(): void {
    if (this.#isFired || this.#isPassing) {
      this.#isFired = true;
      return;
    }
    this.#isFired = true;
    this.#clock.at(this.#nextReloadMs, () => this.#pass());
  }

  async #boot(): Promise<void> {
    const { stateDir, options } = this.#machine;
    const graceMs = 1_000 * options.graceSeconds;
    this.#lastConfirmed = parseAppliedConf(await stateDir.read("applied.json"))?.instances ?? [];
    this.#heldVips = new Set(this.#lastConfirmed.flatMap(vipsOf));
    this.#store = await createMetadataStore(stateDir, graceMs);
    this.#plannedChanges = await openPlannedChanges({
      stateDir,
      listen: (link, onAdvert, guarded) => {
        const hear = (advert: Advert) => {
          const heard = hearAsBefore(advert, this.#listenerBefore);
          if (heard !== undefined) onAdvert(heard);
        };
        return this.#wire.subscribe(link, hear, guarded);
      },
      stateOf: (group) => this.keepalived.stateOf(group),
      onTurn: () => this.fire(),
      onChange: (group, { to, despite }) => {
        const end = despite === undefined ? "over" : `over, despite ${despite}`;
        this.#say(`${group}: planned change ${to === undefined ? end : `to ${to}`}`);
      },
      log: SILENT,
    });
    this.#listening = openListening({
      record: () => undefined,
      signal: new AbortController().signal,
      hearings: () => new Map(),
      metadata: this.#store,
      client: { get: options.metadata.get } as MetadataClient,
      wire: this.#wire,
      findHostsWithoutVrrp: async (addresses) =>
        new Set(addresses.filter((address) => !this.#machine.mayRunVrrp(address))),
      health: this.health,
      keepalived: {
        vrrpStates: { stateOf: (group) => this.keepalived.stateOf(group) },
        applier: { inForce: [] },
        reread: async () => undefined, // every advert of the model states the same interval
      },
      store: {
        reportOf: () => ({ problem: () => undefined, problems: () => undefined, ok: () => undefined }),
      },
      onChange: () => this.fire(),
      log: SILENT,
    });
    this.#wire.open();
    this.#reader = new MetadataReader({
      clock: this.#clock,
      chance: options.chance,
      service: options.metadata,
      store: this.#store,
      hostName: this.#machine.name,
      readAddresses: () => ownAddresses(withoutAddresses(this.#machine.network, this.#heldVips)),
      memberUuids: () => (options.without.has("row3") ? [] : (this.#store?.memberUuids ?? [])),
      mayRunVrrp: (address) => !options.without.has("row3") && this.#machine.mayRunVrrp(address),
      noteHeard: () => {
        if (!options.without.has("row3")) this.#listening?.noteHeard();
      },
      onChange: () => this.fire(),
      onLine: (text) => this.#say(text),
    });
    this.#reader.start();
  }

  get #listenerBefore(): ListenerBefore {
    const { address, options } = this.#machine;
    const { without } = options;
    const members = this.#store?.view?.members ?? [];
    return {
      without,
      isMulticast: this.#inForce.some(({ unicast }) => unicast === undefined),
      ownAddress: address,
      memberAddresses: members.flatMap(memberAddresses).filter((other) => other !== address),
    };
  }

  async #pass(): Promise<void> {
    this.#isFired = false;
    this.#isPassing = true;
    try {
      await this.#reconcile();
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      this.#say(`${error.code}: ${error.message}`);
      await this.#resume();
      this.#fireIn(RETRY_MS);
      this.#isPassing = false;
      this.#fireAgain();
    }
  }

  async #reconcile(): Promise<void> {
    const view = this.#store?.view;
    const changes = this.#plannedChanges;
    if (view === undefined || changes === undefined) {
      if (this.#store?.isAwaited === false) await this.#resume();
      return this.#endPass();
    }
    const inForce = this.#lastConfirmed;
    const groups = resolveGroups(settingsOf(this.#machine.options.graceSeconds), view.snapshot, inForce);
    const network = this.#observeNetwork();
    const wanted = deriveDesiredState({ groups, view, network, inForce });
    if (wanted.failure !== undefined && wanted.desired.instances.length === 0) throw wanted.failure;
    const { desired, ...step } = await changes.step(wanted.desired, inForce, {
      network,
      view,
      listedAddresses: wanted.listedAddresses,
      refusedVips: refusedVips(wanted),
    });
    for (const { name } of desired.instances) {
      const reason = wanted.barred.get(name) ?? step.holds.get(name);
      this.#hold(name, reason);
    }
    for (const refusal of wanted.refusals.values()) this.#say(refusal.message);
    if (wanted.refusals.size > 0) this.#fireIn(RETRY_MS);
    this.#fireIn(step.recheckMs);
    this.#listenFor(beginGroups(desired.instances, view));
    this.#apply(desired);
  }

  /** Groups that begin listen before they are owned. */
  #listenFor(groups: readonly BeginningGroup[]): void {
    if (this.#machine.options.without.has("row2")) return;
    this.#listening?.listening.begin(groups, ownLinks(this.#machine.network));
  }

  #noteFrame(heard: Pick<WireFrame, "advert" | "claim" | "hello">, mac = "another"): void {
    const frame = { text: "", interface: "eth0", mac, ...heard };
    this.#plannedChanges?.noteFrame(frame);
    if (this.#machine.options.without.has("row2")) return;
    this.#listening?.listening.noteFrame(frame);
  }

  #apply(desired: Desired): void {
    const text = JSON.stringify(desired);
    const finish = async () => {
      await this.#plannedChanges?.completeStep(this.#clock.nowMs);
      this.#endPass();
    };
    if (text === this.#text) {
      this.#clock.in(0, finish);
      return;
    }
    const { lowest, highest } = APPLY_MS;
    this.#clock.in(this.#machine.options.chance.between(lowest, highest), async () => {
      this.#run(desired);
      this.#text = text;
      const applied = { text, instances: desired.instances };
      await this.#machine.stateDir.write("applied.json", applied).catch(() => this.#fireIn(RETRY_MS));
      if (!this.#plannedChanges?.isUnderWay) this.#nextReloadMs = this.#clock.nowMs + RELOAD_GAP_MS;
      await finish();
    });
  }

  /** keepalived takes the configuration: by its start, which removes VIPs that an earlier one left, or by a reload. */
  #run(desired: Desired): void {
    const { instances } = desired;
    [this.#lastConfirmed, this.#inForce] = [instances, instances];
    this.#heldVips = new Set([...this.#heldVips, ...instances.flatMap(vipsOf)]);
    this.#say(instances.map(describeInstance).join("; "));
    this.keepalived.run(desired);
    this.#listening?.listening.setInForce({ instances, network: this.#machine.network });
  }

  /** As src/agent/resume.ts: what an earlier run left runs where this one has applied nothing, and each hold comes first. */
  async #resume(): Promise<void> {
    const instances = this.#lastConfirmed;
    if (instances.length === 0 || this.#text !== "") return;
    this.#holdUnheard(instances);
    this.#listenFor(instances.map((instance) => ({ instance, turnDelayMs: 0 })));
    const desired = { routerId: this.#machine.name, instances };
    this.#text = JSON.stringify(desired);
    this.#run(desired);
  }

  #endPass(): void {
    this.#holdUnheard();
    this.#isPassing = false;
    this.#fireAgain();
  }

  #fireAgain(): void {
    if (!this.#isFired) return;
    this.#isFired = false;
    this.fire();
  }

  /** @param delayMs the earliest of all calls counts. */
  #fireIn(delayMs: number | undefined): void {
    if (delayMs === undefined) return;
    this.#timer += 1;
    this.#clock.in(delayMs, () => this.fire());
  }

  #observeNetwork(): HostNetwork {
    this.#holdUnheard();
    return withoutAddresses(this.#machine.network, this.#heldVips);
  }

  #holdUnheard(instances = this.#inForce): void {
    const network = withoutAddresses(this.#machine.network, this.#heldVips);
    for (const instance of instances)
      this.health.setHold(instance.name, describeLostSource(instance, network), "source");
  }

  #hold(group: string, reason: string | undefined): void {
    if (reason !== this.health.holds.get(`plan ${group}`))
      this.#say(`${group} held: ${reason ?? "no longer"}`);
    this.health.setHold(group, reason);
  }

  #say(text: string): void {
    this.#machine.options.onLine(`${this.#machine.name} ${text}`);
  }
}

function describeInstance({ virtualRouterId, vrrpVersion, firstVip, unicast }: Instance): string {
  const peers = unicast === undefined ? "all" : unicast.isAlone ? "nobody" : unicast.peers.join(" ");
  return `runs v${vrrpVersion} VRID ${virtualRouterId} ${firstVip.address} with ${peers}`;
}
