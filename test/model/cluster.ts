/** A cluster of the model: its machines, and what each verb of a script does to them. */
import { addContainer, addHost } from "../e2e/lab/metadata-changes.ts";
import { type Chance, createChance, NO_CHANCE } from "./chance.ts";
import { Clock } from "./clock.ts";
import { addressOf, delaysOf, type Edit, editOf, VIP } from "./edits.ts";
import { Lan } from "./lan.ts";
import { readLies } from "./lies.ts";
import { Machine } from "./machine.ts";
import { MetadataService, Rancher } from "./rancher.ts";
import { type Move, optionOf, type Schedule } from "./script.ts";
import { describeState } from "./state.ts";
import { Verdict } from "./verdict.ts";
import type { Without } from "./without.ts";

/**
 * Two hosts may own a VIP for a moment: both waited for the same owner and their times ran out within the delay of an
 * advert, or one goes on from a freeze and hears of the other.
 */
const OVERLAP_MS = 5;
/** The owner never knew the other host, as its metadata listed no container on it. It does once it hears that host. */
const UNKNOWN_HOST_OVERLAP_MS = 500;
/** A host whose registered address became right waits as for a change of source. */
const SOURCE_CHANGE_MS = 12_000;
const ATTACKER = "198.51.100.200";
/** What a metadata service takes to learn of a change, where a move does not say. */
const LEARN_MS = 100;
/** An agent that its metadata refused, or did not answer, asks again after this time at the latest. */
const LONGEST_BACKOFF_MS = 30_000;

export class Cluster {
  readonly clock = new Clock();
  readonly verdict: Verdict;
  readonly lines: string[] = [];
  readonly rancher = new Rancher();
  readonly #machines: readonly Machine[];
  readonly #services: readonly MetadataService[];
  readonly #lan: Lan;

  constructor(schedule: Schedule, without: Without) {
    const chanceOf = (number: number): Chance =>
      schedule.seed === 0 ? NO_CHANCE : createChance(schedule.seed * 16 + number);
    this.#lan = new Lan(this.clock, chanceOf(0));
    const numbers = Array.from({ length: schedule.hosts }, (_, index) => index + 1);
    this.rancher.change((document) => {
      for (const number of numbers) {
        addHost(document, { name: `h${number}`, address: addressOf(number) });
        addContainer(document, `h${number}`);
      }
      document.stacks[0]!.services[0]!.metadata = { keepalived: { virtual_ip: VIP } };
    });
    this.#services = numbers.map((number) => new MetadataService(this.rancher, `h${number}`));
    this.#machines = numbers.map(
      (number, index) =>
        new Machine({
          ...schedule,
          name: `h${number}`,
          address: addressOf(number),
          clock: this.clock,
          lan: this.#lan,
          chance: chanceOf(number),
          metadata: this.#services[index]!,
          without,
          hasLease: schedule.hasLease && !without.has("row5"),
          onVip: (machine, address, isHeld) => {
            this.#say(`${machine.name} ${isHeld ? "has" : "has no longer"} ${address}`);
            this.verdict.noteVip(machine, address, isHeld, this.clock.nowMs);
          },
          onLine: (text) => this.#say(text),
        }),
    );
    for (const service of this.#services) service.learn(1, 0);
    this.verdict = new Verdict({
      machines: () => this.#machines,
      isWanted: (address) => this.#services.every(({ told }) => vipsIn(told).includes(address)),
      overlapMs: (owners) => this.#overlapMs(owners),
      informedSinceMs: (machine) =>
        informedSinceMs(machine, this.#services[this.#machines.indexOf(machine)]!),
    });
  }

  /** How long these hosts may own a VIP at once. */
  #overlapMs(owners: readonly Machine[]): number {
    const isUnknown = owners.some((owner) =>
      owners.some((other) => {
        const service = this.#services[this.#machines.indexOf(other)];
        const lacksSinceMs = service?.lacksSinceMs(owner.name);
        if (lacksSinceMs === undefined) return false;
        return lacksSinceMs < owner.startedMs || (other.isForgetful && lacksSinceMs < other.startedMs);
      }),
    );
    return isUnknown ? UNKNOWN_HOST_OVERLAP_MS : OVERLAP_MS;
  }

  /** See `describeState`. */
  get state(): string {
    return describeState(this.#machines, this.#services);
  }

  /** Does what the script says. */
  play(move: Move): void | Promise<void> {
    this.#say(`-- ${[move.verb, ...move.args].join(" ")}`);
    const [first = ""] = move.args;
    const machine = this.#machines.find(({ name }) => name === first);
    const service = this.#services[this.#machines.findIndex(({ name }) => name === first)];
    const edit = editOf(move);
    if (edit !== undefined) this.#publish(move, edit);
    if (move.verb === "renumber") return machine?.renumber(addressOf(Number(move.args[1])));
    if (edit !== undefined) return undefined;
    if (move.verb === "forge") return this.#forge(move);
    if (machine === undefined || service === undefined) return undefined;
    return this.#playOn(machine, service, move);
  }

  #playOn(machine: Machine, service: MetadataService, move: Move): void | Promise<void> {
    const [, second = ""] = move.args;
    switch (move.verb) {
      case "start":
        return machine.start({ isForgetful: second === "without-memory" });
      case "stop":
        return machine.stop();
      case "kill":
        return machine.kill();
      case "die":
        return machine.die();
      case "freeze":
        return machine.freeze();
      case "thaw":
        return machine.thaw();
      case "sicken":
      case "heal":
        return machine.setHealthy(move.verb === "heal");
      case "fill":
      case "clear":
        machine.isDiskFull = move.verb === "fill";
        return undefined;
      case "lie":
        return service.lie(readLies(move.args.slice(1)), this.clock.nowMs);
      case "truth":
        return service.tellTruth(this.clock.nowMs);
      case "tentative":
        this.clock.in(1_000 * Number(second), () => machine.setTentative(false));
        return machine.setTentative(true);
      case "refuse":
        return machine.kernel.refuse(second);
      case "accept":
        return machine.kernel.accept(second);
      default:
        return undefined;
    }
  }

  /** Each host's metadata service learns of it some time later. */
  #publish(move: Move, edit: Edit): void {
    const version = this.rancher.change(edit);
    const delaysMs = delaysOf(move, this.#services.length, LEARN_MS);
    this.#services.forEach((service, index) => {
      this.clock.in(delaysMs[index]!, () => service.learn(version, this.clock.nowMs));
    });
  }

  #forge(move: Move): void {
    const number = (key: string, unset: number) => Number(optionOf(move, key) ?? unset);
    const everyMs = 1_000 * number("every", 0.2);
    const untilMs = this.clock.nowMs + 1_000 * number("for", 10);
    const version = number("version", 3) === 2 ? 2 : 3;
    const send = () => {
      for (const { address } of this.#machines) {
        this.#lan.send("attacker", {
          source: optionOf(move, "from") ?? ATTACKER,
          destination: address,
          ttl: number("ttl", 64),
          version,
          virtualRouterId: number("vrid", 100),
          priority: number("priority", 254),
          addresses: [optionOf(move, "vip") ?? VIP],
          authPass: undefined,
          intervalSeconds: version === 2 ? 1 : 0.2,
        });
      }
      if (this.clock.nowMs + everyMs <= untilMs) this.clock.in(everyMs, send);
    };
    send();
  }

  #say(text: string): void {
    this.lines.push(`${(this.clock.nowMs / 1_000).toFixed(3).padStart(8)} ${text}`);
  }
}

function vipsIn(document: Rancher["truth"]): string[] {
  const { keepalived } = document.stacks[0]!.services[0]!.metadata as {
    keepalived?: { virtual_ip?: string };
  };
  return (keepalived?.virtual_ip ?? "").split(",");
}

/** Since when a host's metadata lists it as it is: then it knows what it has to do. */
function informedSinceMs(
  machine: Machine,
  { lies, told, changedMs, addressChangedMs }: MetadataService,
): number {
  const { name, address } = machine;
  const own = told.hosts.find((host) => host.name === name);
  const isTrue =
    !lies.isDown && told.containers.length > 0 && own?.agent_ip === address && (lies.self ?? name) === name;
  if (!isTrue) return Number.POSITIVE_INFINITY;
  const addressMs = addressChangedMs === undefined ? 0 : addressChangedMs + SOURCE_CHANGE_MS;
  if (machine.agent?.keepalived.isRunning === true || changedMs === undefined) return addressMs;
  return Math.max(addressMs, changedMs + LONGEST_BACKOFF_MS);
}
