/** Three lab hosts with an engine and an agent each, and what a client and the kernels see while one is harmed. */
import { createLab, type Lab } from "../e2e/lab/lab.ts";
import { newLabName } from "../e2e/lab/namespace.ts";
import { DEFAULT_VIP as VIP } from "../e2e/lab/topology.ts";
import { until } from "../e2e/lab/until.ts";
import { DockerHost } from "./docker-host.ts";
import { Engine } from "./engine.ts";
import { writeOldProfile } from "./old-profile.ts";

/** Generous: the machine is shared. */
const SOON_MS = 60_000;
/** Shorter silences are jitter of the client. */
const SILENCE_MS = 10;

export interface Seen {
  /** Who had the VIP at first. */
  readonly owner: DockerHost;
  /** When the watch began, ms since the epoch. */
  readonly sinceMs: number;
  /** The time in which the VIP moved or was nowhere and did not answer, all silences together, ms. */
  readonly silenceMs: number;
  /** For how long two hosts had the VIP, at worst, ms. */
  readonly twoOwnersMs: number;
}

export class Fleet {
  readonly lab: Lab;
  readonly hosts: DockerHost[] = [];

  private constructor(lab: Lab) {
    this.lab = lab;
  }

  /** Engines with the images of a file that `docker save` made, and no container yet. The first one forbids what an old one does. */
  static async create(imagesFile: string): Promise<Fleet> {
    const fleet = new Fleet(await createLab({ hosts: 3 }));
    try {
      for (const host of fleet.lab.hosts) {
        const { namespace } = host;
        const engine = await Engine.start({ name: `${newLabName()}-${host.name}`, namespace });
        const isOld = fleet.hosts.length === 0;
        const options = isOld ? ["--security-opt", `seccomp=${writeOldProfile(engine.folder)}`] : [];
        fleet.hosts.push(new DockerHost(host, engine, fleet.lab, options));
        await engine.docker(["load", "--quiet", "--input", imagesFile], SOON_MS);
      }
      return fleet;
    } catch (error) {
      await fleet.destroy();
      throw error;
    }
  }

  async destroy(): Promise<void> {
    await Promise.all(this.hosts.map(({ engine }) => engine.end()));
    await this.lab.destroy();
  }

  /** Waits until one host owns the VIP, every other one backs it up, and no keepalived is in its startup delay. */
  async calm(): Promise<DockerHost> {
    await Promise.all(this.hosts.map((host) => host.pastStartup()));
    return until(() => this.#settledOwner(), SOON_MS, "one host owns the VIP and the others back it up");
  }

  /** Lets a client ask the VIP from the owner's last calm moment, through `act`, until all is calm again. */
  async watch(act: (owner: DockerHost) => Promise<unknown>): Promise<Seen> {
    const owner = await this.calm();
    const prober = this.lab.probe(VIP);
    await prober.awaitAnswer(owner.name);
    const sinceMs = Date.now();
    await act(owner);
    await this.calm();
    const { silences } = await prober.stop({ sinceMs, silenceOverMs: SILENCE_MS });
    const tenures = this.#tenures();
    // while one host has the VIP all the time, it is the machine that lets client and service wait
    const moved = silences.filter(({ fromMs, durationMs }) =>
      tenures.every((tenure) => tenure.fromMs > fromMs || tenure.toMs < fromMs + durationMs),
    );
    const silenceMs = moved.reduce((sum, { durationMs }) => sum + durationMs, 0);
    return { owner, sinceMs, silenceMs, twoOwnersMs: this.lab.ownership.doubleOwnership(VIP, sinceMs) };
  }

  /** When another host than the owner took the VIP, ms since the epoch; waits for it. */
  async takenFrom(owner: DockerHost, sinceMs: number): Promise<number> {
    const taken = () => this.#tenures().find(({ host, fromMs }) => host !== owner.name && fromMs >= sinceMs);
    const { fromMs } = await until(taken, SOON_MS, `another host than ${owner.name} takes the VIP`);
    return fromMs;
  }

  /** When the owner lost the VIP, ms since the epoch; waits for it. */
  async lostBy(owner: DockerHost, sinceMs: number): Promise<number> {
    const isLost = (toMs: number) => toMs >= sinceMs && toMs !== Number.POSITIVE_INFINITY;
    const lost = () => this.#tenures().find(({ host, toMs }) => host === owner.name && isLost(toMs));
    const { toMs } = await until(lost, SOON_MS, `${owner.name} loses the VIP`);
    return toMs;
  }

  #tenures() {
    return this.lab.ownership.tenures(VIP);
  }

  async #settledOwner(): Promise<DockerHost | undefined> {
    const [holder, ...others] = await this.lab.holders(VIP);
    if (holder === undefined || others.length > 0) return undefined;
    const states = await Promise.all(this.hosts.map((host) => host.state()));
    const wanted = this.hosts.map(({ name }) => (name === holder ? "MASTER" : "BACKUP"));
    return states.join() === wanted.join() ? this.hosts.find(({ name }) => name === holder) : undefined;
  }
}
