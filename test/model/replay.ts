/**
 * Plays a script on real keepalived: a lab of network namespaces with the built agent, and the model's own metadata
 * services, whose documents the lab's real ones serve. Times are as exact as the machine is idle.
 *
 * It plays what happens to containers, to metadata and on the wire. It does not play `die`, `renumber`, `tentative`, `refuse`,
 * `accept`, `fill` and `clear`.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { sendForged } from "../e2e/lab/attacker.ts";
import type { ForgedAdvert } from "../e2e/lab/forged-advert.ts";
import type { Host } from "../e2e/lab/host.ts";
import { createLab, type Lab } from "../e2e/lab/lab.ts";
import { addContainer, addHost } from "../e2e/lab/metadata-changes.ts";
import { sendSignal } from "../fixtures/send-signal.ts";
import { addressOf, delaysOf, editOf, VIP } from "./edits.ts";
import { readLies } from "./lies.ts";
import { MetadataService, Rancher } from "./rancher.ts";
import { type Move, optionOf, type Schedule } from "./script.ts";

/** From a publication to the version that the stand-in serves. */
const LEARN_MS = 0;
const LONGEST_SEND_SECONDS = 8;
const PORTS = [
  { port: 80, protocol: "tcp" },
  { port: 80, protocol: "udp" },
] as const;

/** @returns who owned the VIP when, and for how long two hosts did, or none. @throws {Error} for a verb it does not play. */
export async function replay(schedule: Schedule): Promise<string[]> {
  const lab = await createLab({ hosts: schedule.hosts });
  try {
    const stage = new Stage(lab, schedule);
    stage.tellTruth();
    const startMs = Date.now();
    for (const move of schedule.moves) {
      await sleep(Math.max(0, startMs + move.atMs - Date.now()));
      await stage.play(move);
    }
    await sleep(Math.max(0, startMs + schedule.untilMs - Date.now()));
    const tenures = lab.ownership.tenures(VIP);
    const seconds = (ms: number) => ((ms - startMs) / 1_000).toFixed(3);
    return [
      ...tenures.map(({ host, fromMs, toMs }) => {
        const until = Number.isFinite(toMs) ? `to ${seconds(toMs)}` : "on";
        return `${host} owned from ${seconds(fromMs)} ${until}`;
      }),
      `two owners for ${Math.round(lab.ownership.doubleOwnership(VIP))} ms`,
    ];
  } finally {
    await lab.destroy();
  }
}

class Stage {
  readonly #lab: Lab;
  readonly #schedule: Schedule;
  readonly #rancher = new Rancher();
  readonly #services: readonly MetadataService[];

  constructor(lab: Lab, schedule: Schedule) {
    [this.#lab, this.#schedule] = [lab, schedule];
    this.#rancher.change((document) => {
      lab.hosts.forEach(({ name }, index) => {
        addHost(document, { name, address: addressOf(index + 1) });
        addContainer(document, name);
      });
      document.stacks[0]!.services[0]!.metadata = { keepalived: { virtual_ip: VIP } };
    });
    this.#services = lab.hosts.map((host) => {
      const service = new MetadataService(this.#rancher, host.name);
      service.onChange = () => this.#serve(host.name, service);
      return service;
    });
  }

  tellTruth(): void {
    for (const service of this.#services) service.learn(1, Date.now());
  }

  async play(move: Move): Promise<void> {
    if (move.verb === "renumber") throw new Error("the lab does not play renumber");
    const edit = editOf(move);
    if (edit !== undefined) return this.#publish(move, this.#rancher.change(edit));
    if (move.verb === "forge") return this.#forge(move);
    const [name = "", word = ""] = move.args;
    const host = this.#lab.host(name);
    switch (move.verb) {
      case "start":
        return this.#start(host, word === "without-memory");
      case "stop":
        return void (await host.stopAgent());
      case "kill":
        return host.killContainer();
      case "freeze":
        return signalTree(host.agent.container.pid, "SIGSTOP");
      case "thaw":
        return signalTree(host.agent.container.pid, "SIGCONT");
      case "sicken":
      case "heal":
        return host.publishPorts(move.verb === "heal" ? PORTS : []);
      case "lie":
      case "truth":
        return this.#lie(host, move);
      default:
        throw new Error(`the lab does not play ${move.verb}`);
    }
  }

  async #start(host: Host, isForgetful: boolean): Promise<void> {
    if (isForgetful) {
      rmSync(host.stateFolder, { recursive: true, force: true, maxRetries: 20 });
      mkdirSync(host.stateFolder);
    }
    await host.startAgent({
      VIRTUAL_IP: undefined,
      CHECK_PORT: "80",
      PEER_REMOVAL_GRACE: String(this.#schedule.graceSeconds),
    });
  }

  async #lie(host: Host, move: Move): Promise<void> {
    const service = this.#services[this.#lab.hosts.indexOf(host)]!;
    if (move.verb === "lie") service.lie(readLies(move.args.slice(1)), Date.now());
    else service.tellTruth(Date.now());
    await (service.lies.isDown ? this.#lab.metadata.down([host.name]) : this.#lab.metadata.up([host.name]));
  }

  #publish(move: Move, version: number): void {
    const delaysMs = delaysOf(move, this.#services.length, LEARN_MS);
    this.#services.forEach((service, index) => {
      setTimeout(() => service.learn(version, Date.now()), delaysMs[index]);
    });
  }

  /** What the model's service tells, the lab's serves. */
  #serve(hostName: string, { told, lies }: MetadataService): void {
    this.#lab.metadata.publish((document) => Object.assign(document, structuredClone(told)), {
      only: [hostName],
      ...(lies.self === undefined ? {} : { selfOf: lies.self }),
    });
  }

  #forge(move: Move): void {
    const number = (key: string, unset: number) => Number(optionOf(move, key) ?? unset);
    const adverts = this.#lab.hosts.map(({ address }) => ({
      source: optionOf(move, "from") ?? "198.51.100.200",
      destination: address,
      ttl: number("ttl", 64),
      version: number("version", 3) === 2 ? (2 as const) : (3 as const),
      virtualRouterId: number("vrid", 100),
      priority: number("priority", 254),
      vip: optionOf(move, "vip") ?? VIP,
    }));
    const rate = adverts.length / number("every", 0.2);
    void this.#sendFor(adverts, rate, number("for", 10));
  }

  /** A command of the lab may last 20 s. */
  async #sendFor(adverts: readonly ForgedAdvert[], rate: number, seconds: number): Promise<void> {
    for (let left = seconds; left > 0; left -= LONGEST_SEND_SECONDS) {
      const count = Math.round(rate * Math.min(left, LONGEST_SEND_SECONDS));
      await sendForged(`${this.#lab.name}-cl`, adverts, { rate, count });
    }
  }
}

/** Signals a process and all below it. */
function signalTree(pid: number, signal: NodeJS.Signals): void {
  sendSignal(pid, signal);
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const children = readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").trim().split(" ");
    for (const child of children.filter(Boolean)) signalTree(Number(child), signal);
  }
}
