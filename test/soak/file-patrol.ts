/** Looks at the files of every host all along: whoever reads one at any moment must find it whole and valid. */
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import type { Host } from "../e2e/lab/host.ts";
import { STRANGERS_CONF } from "./faults-files.ts";

/** Of journal.jsonl and journal.older.jsonl together: two files of 256,000 bytes and a last line each. */
export const MAX_JOURNAL_BYTES = 520_000;

export class FilePatrol {
  /** Text of each host's keepalived.conf that keepalived accepted last. */
  readonly #accepted = new Map<Host, string>();

  /** What is wrong with the host's files, one sentence each. */
  async complaints(host: Host): Promise<string[]> {
    const names = readdirSync(host.stateFolder);
    const json = names
      .filter((name) => name.endsWith(".json"))
      .flatMap((name) => this.#parse(host, name, [1]));
    // the last line of a journal may be one that is being written
    const lines = names
      .filter((name) => name.endsWith(".jsonl"))
      .flatMap((name) => this.#parse(host, name, "lines"));
    return [...json, ...lines, ...(await this.#judgeConf(host))];
  }

  #parse(host: Host, name: string, parts: readonly [1] | "lines"): string[] {
    const text = readIfThere(join(host.stateFolder, name));
    if (text === undefined) return [];
    const texts = parts === "lines" ? text.split("\n").slice(0, -1) : [text];
    const broken = texts.find((part) => !isJson(part));
    return broken === undefined
      ? []
      : [`${host.name}: ${name} holds no JSON: ${JSON.stringify(broken.slice(0, 200))}`];
  }

  async #judgeConf(host: Host): Promise<string[]> {
    const text = host.conf();
    if (text === undefined || text === STRANGERS_CONF || text === this.#accepted.get(host)) return [];
    if (text === "") return [`${host.name}: keepalived.conf is empty`];
    const copy = join(host.folder, "conf-on-patrol");
    copyFileSync(host.confFile, copy);
    const command = ["netns", "exec", host.namespace, "keepalived", "-t", "-f", copy];
    const { exitCode, stderr } = await execa("ip", command, { reject: false, timeout: 30_000 });
    rmSync(copy);
    if (exitCode !== 0)
      return [`${host.name}: keepalived refuses its keepalived.conf (${exitCode}): ${stderr}`];
    this.#accepted.set(host, text);
    return [];
  }
}

/** Bytes of both journals of the host. */
export function journalBytes(host: Host): number {
  const texts = ["journal.jsonl", "journal.older.jsonl"].map((name) =>
    readIfThere(join(host.stateFolder, name)),
  );
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text ?? ""), 0);
}

function readIfThere(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
