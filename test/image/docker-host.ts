/** A lab host with a Docker Engine that runs the image: read-only, with four capabilities, its state on the host. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Status } from "../../src/status/status.ts";
import type { Host } from "../e2e/lab/host.ts";
import type { Lab } from "../e2e/lab/lab.ts";
import { addContainer, removeContainer, stopContainer } from "../e2e/lab/metadata-changes.ts";
import { DEFAULT_VIP } from "../e2e/lab/topology.ts";
import { until } from "../e2e/lab/until.ts";
import type { Engine } from "./engine.ts";

/** keepalived's vrrp_startup_delay of 3 s, the time to get there, and one advert: before, it takes no VIP. */
const STARTUP_MS = 5_000;
const SOON_MS = 30_000;
const OPTIONS = [
  ["--network", "host"],
  ["--restart", "unless-stopped"],
  ["--read-only", "--tmpfs", "/run", "--tmpfs", "/etc/keepalived"],
  ["--cap-drop", "ALL"],
  ["--cap-add", "NET_ADMIN", "--cap-add", "NET_RAW", "--cap-add", "NET_BROADCAST", "--cap-add", "SYS_NICE"],
  ["--security-opt", "no-new-privileges"],
  ["--health-interval", "2s"], // with the image's own, a test would wait for half a minute
  ["--env", `VIRTUAL_IP=${DEFAULT_VIP}`, "--env", "CHECK_PORT=80"],
].flat();

export class DockerHost {
  readonly host: Host;
  readonly engine: Engine;
  readonly #lab: Lab;
  readonly #options: readonly string[];
  #container: string | undefined;
  #startedMs = 0;

  /** @param options of `docker create`, besides those of every host. */
  constructor(host: Host, engine: Engine, lab: Lab, options: readonly string[] = []) {
    this.#options = [...OPTIONS, ...options];
    this.host = host;
    this.engine = engine;
    this.#lab = lab;
  }

  get name(): string {
    return this.host.name;
  }

  /**
   * Starts a new container, which metadata lists beside the former one: stopped, or running where it still does.
   *
   * @returns the former one's id, or undefined.
   */
  async start(image: string): Promise<string | undefined> {
    const former = this.#container;
    const isReplaced = former !== undefined && (await this.inspect("{{.State.Running}}")) === "false";
    const volume = ["--volume", `${this.host.stateFolder}:/var/lib/rancher-keepalived`];
    this.#container = await this.engine.docker(["create", ...this.#options, ...volume, image]);
    this.#lab.metadata.publish((document) => {
      // a lab's hosts begin with a container that nobody started
      if (former === undefined) removeContainer(document, this.name);
      if (isReplaced) stopContainer(document, this.name);
      addContainer(document, this.name).external_id = this.#id;
    });
    await this.restart();
    return former;
  }

  /** Starts the container that was stopped. */
  async restart(): Promise<void> {
    await this.engine.docker(["start", this.#id]);
    this.#startedMs = performance.now();
  }

  /** Stops a former container of this host, for which the present one waits. */
  async stopFormer(container: string): Promise<void> {
    await this.engine.docker(["stop", container]);
    this.#startedMs = performance.now();
  }

  /** Waits until the agent has written such a line. */
  async says(text: string): Promise<void> {
    const isSaid = async () => (await this.engine.docker(["logs", this.#id])).includes(text);
    await until(isSaid, SOON_MS, `the agent of ${this.name} says: ${text}`);
  }

  /** @returns when SIGTERM was sent and when the container had ended, ms since the epoch, as the engine tells. */
  async stop(): Promise<{ readonly signalledMs: number; readonly endedMs: number }> {
    const sinceMs = Date.now();
    await this.engine.docker(["stop", this.#id]);
    const [signalled = "", ended = ""] = [
      await this.#event("kill", sinceMs, "{{.TimeNano}}"),
      await this.#event("die", sinceMs, "{{.TimeNano}}"),
    ];
    return { signalledMs: Number(signalled) / 1e6, endedMs: Number(ended) / 1e6 };
  }

  /** SIGKILL to the agent, not to the processes beside it. @returns when, ms since the epoch. */
  async killAgent(): Promise<number> {
    const log = await this.engine.docker(["logs", this.#id]);
    const pid = [...log.matchAll(/"pid":(\d+),"msg":"agent started"/g)].at(-1)?.[1];
    return Number(await this.exec(`date +%s%3N; kill -KILL ${pid}`));
  }

  /** SIGKILL to the container's first process, as a crash: for the engine no reason to leave it stopped. */
  async crash(): Promise<void> {
    await this.engine.runBeside(["kill", "-KILL", await this.inspect("{{.State.Pid}}")]);
  }

  /** Waits until the engine has started the container again. @returns the exit status that it had ended with. */
  async restarted(sinceMs: number): Promise<number> {
    const started = () => this.#event("start", sinceMs, "{{.TimeNano}}");
    await until(started, SOON_MS, `the engine of ${this.name} starts the container again`);
    this.#startedMs = performance.now();
    return Number(await this.#event("die", sinceMs, "{{.Actor.Attributes.exitCode}}"));
  }

  /** What a Go template makes of `docker inspect`. */
  async inspect(template: string): Promise<string> {
    return this.engine.docker(["inspect", "--format", template, this.#id]);
  }

  /** Standard output of a line of shell inside the container. */
  async exec(line: string): Promise<string> {
    return this.engine.docker(["exec", this.#id, "sh", "-c", line]);
  }

  /** By the image's `status`; undefined where no agent answers. */
  async status(): Promise<Status | undefined> {
    const text = await this.exec("status --json || true").catch(() => "");
    return text === "" ? undefined : (JSON.parse(text) as Status);
  }

  /** Of its one VRRP instance. */
  async state(): Promise<string | undefined> {
    return (await this.status())?.instances[0]?.state;
  }

  /** The agent's last words, for whoever looks for a failure. */
  async logTail(): Promise<string> {
    return this.engine.docker(["logs", "--tail", "15", this.#id]).catch(String);
  }

  /** All that the agent has said. */
  async log(): Promise<string> {
    return this.engine.docker(["logs", this.#id]);
  }

  /** Resolves when its keepalived would take the VIP. */
  async pastStartup(): Promise<void> {
    await sleep(Math.max(0, this.#startedMs + STARTUP_MS - performance.now()));
  }

  get #id(): string {
    if (this.#container === undefined) throw new Error(`no container was started on ${this.name}`);
    return this.#container;
  }

  /** The first event of that kind since then; empty where there was none yet. */
  async #event(kind: string, sinceMs: number, template: string): Promise<string> {
    const bounds = ["--since", String(sinceMs / 1_000), "--until", String(Date.now() / 1_000)];
    const filters = ["--filter", `container=${this.#id}`, "--filter", `event=${kind}`];
    const events = await this.engine.docker(["events", ...bounds, ...filters, "--format", template]);
    return events.split("\n")[0] ?? "";
  }
}
