/** A real Prometheus with the printed prometheus.yml and the shipped rules, whose times are all 1 s. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { codeBlocks, readDocument } from "../docs/readme.ts";
import { prometheusProgram, RULES } from "./promtool.ts";

export interface Alert {
  readonly state: "pending" | "firing";
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface Prometheus {
  /** The alerts that fire now. */
  firing(): Promise<Alert[]>;
  /** How many series the expression gives now. */
  count(expression: string): Promise<number>;
  /** Resolves when its process has ended and its files are gone. */
  stop(): Promise<void>;
}

/** Every duration of the two files becomes 1 s: what fires is the same, and nobody waits for it. */
function shorten(text: string): string {
  return text.replaceAll(
    /^(\s*(?:for|interval|scrape_interval|scrape_timeout|evaluation_interval): )\d+[smh]$/gm,
    "$11s",
  );
}

/** Resolves when it serves. @param targets `ADDRESS:PORT` of each agent. */
export async function startPrometheus(targets: readonly string[]): Promise<Prometheus> {
  const folder = await mkdtemp(path.join(tmpdir(), "prometheus-"));
  const [printed = ""] = codeBlocks(readDocument("docs/operate/monitoring.md"), "yaml");
  const config = shorten(printed).replace(/targets: \[.*\]/, `targets: ${JSON.stringify(targets)}`);
  await writeFile(path.join(folder, "alerts.yml"), shorten(await readFile(RULES, "utf8")));
  await writeFile(path.join(folder, "prometheus.yml"), config);
  const abort = new AbortController();
  const child = execa(
    prometheusProgram("prometheus"),
    ["--config.file=prometheus.yml", "--storage.tsdb.path=data", "--web.listen-address=127.0.0.1:0"],
    {
      cwd: folder,
      reject: false,
      buffer: false,
      stdout: "ignore",
      cancelSignal: abort.signal,
      forceKillAfterDelay: 5_000,
    },
  );
  const stop = async () => {
    abort.abort();
    await child;
    await rm(folder, { recursive: true, force: true, maxRetries: 20 });
  };
  const address = await listening(child.stderr, child);
  if (address !== undefined) {
    // it listens before it can answer: 503 until its storage is open
    while ((await fetch(`http://${address}/-/ready`)).status !== 200) await sleep(100);
    return openApi(`http://${address}/api/v1`, stop);
  }
  await stop();
  throw new Error("Prometheus ended before it listened");
}

/** Where it listens, by its own word: the port is the kernel's choice, so it is never taken. Undefined where it ends. */
function listening(stderr: Readable, ended: PromiseLike<unknown>): Promise<string | undefined> {
  return new Promise((resolve) => {
    let said = "";
    stderr.setEncoding("utf8").on("data", (part: string) => {
      said = `${said}${part}`.slice(-10_000);
      const [, address] = /msg="Listening on" address=(\S+)\s/.exec(said) ?? [];
      if (address !== undefined) resolve(address);
    });
    void ended.then(() => resolve(undefined));
  });
}

function openApi(url: string, stop: () => Promise<void>): Prometheus {
  const read = async (route: string) => {
    const response = await fetch(`${url}${route}`);
    return JSON.parse(await response.text()).data;
  };
  return {
    firing: async () => {
      const { alerts }: { alerts: Alert[] } = await read("/alerts");
      return alerts.filter(({ state }) => state === "firing");
    },
    count: async (expression) => (await read(`/query?query=${encodeURIComponent(expression)}`)).result.length,
    stop,
  };
}
