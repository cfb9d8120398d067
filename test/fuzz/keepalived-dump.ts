/**
 * The file `keepalived.data` that keepalived writes on SIGUSR1: its own account of what it read, values that
 * `keepalived -t` has nothing to say about included.
 */

import { readFile, rm } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { expect } from "vitest";
import type { Lab } from "../keepalived/io/lab.ts";

/** One instance under keepalived's words, with blanks for those that it leaves out. */
export interface DumpedInstance {
  readonly name: string;
  readonly interface: string;
  readonly virtualRouterId: string;
  readonly version: string;
  readonly priority: string;
  readonly password: string | undefined;
  /** `ADDRESS[/PREFIX] dev INTERFACE`, the addresses canonical here and below. */
  readonly vips: readonly string[];
  readonly excludedVips: readonly string[];
  readonly peers: readonly string[];
  readonly trackers: readonly string[];
}

/** Starts keepalived until it has dumped what it knows. Without track files every instance is in FAULT. */
export async function dumpOfKeepalived(lab: Pick<Lab, "conf" | "dir">): Promise<string> {
  const log = path.join(lab.dir, "keepalived.log");
  const dump = path.join(lab.dir, "keepalived.data");
  await Promise.all([log, dump].map((file) => rm(file, { force: true })));
  const pidFiles = ["-p", path.join(lab.dir, "parent.pid"), "-r", path.join(lab.dir, "vrrp.pid")];
  const keepalived = execa("keepalived", ["-n", "-l", "-D", "-G", "-P", "-f", lab.conf, ...pidFiles], {
    env: { LC_ALL: "C", TMPDIR: lab.dir },
    reject: false,
    stdout: { file: log },
    stderr: { file: log },
  });
  try {
    await expect.poll(() => textOf(log)).toContain("Startup complete");
    keepalived.kill("SIGUSR1");
    await expect.poll(() => textOf(dump)).toContain("------< Interfaces");
    return await textOf(dump);
  } finally {
    keepalived.kill("SIGTERM");
    await keepalived;
  }
}

async function textOf(file: string): Promise<string> {
  return readFile(file, "utf8").catch(() => "");
}

/** @param text the dump; instances come in the order of the file. */
export function parseDump(text: string): DumpedInstance[] {
  const topology = text.slice(
    text.indexOf("\n------< VRRP Topology"),
    text.indexOf("\n------< VRRP Sockpool"),
  );
  return topology.split("\n VRRP Instance = ").slice(1).map(parseInstance);
}

function parseInstance(section: string): DumpedInstance {
  const [name = "", ...lines] = section.split("\n");
  const textOf = (key: string) =>
    lines.find((line) => line.startsWith(`   ${key} = `))?.slice(key.length + 6);
  const listOf = (title: RegExp) => {
    const start = lines.findIndex((line) => title.test(line)) + 1;
    const end = lines.findIndex((line, index) => index >= start && !line.startsWith("     "));
    return start === 0 ? [] : lines.slice(start, end).map((line) => line.slice(5));
  };
  // no interface name has a blank
  const withoutScope = (line: string) => canonical(line.replace(/ scope .*$/, ""));
  return {
    name,
    interface: textOf("Interface") ?? "",
    virtualRouterId: textOf("Virtual Router ID") ?? "",
    version: textOf("VRRP Version") ?? "",
    priority: textOf("Priority") ?? "",
    password: textOf("Password"),
    vips: listOf(/^ {3}Virtual IP \(\d+\):$/).map(withoutScope),
    excludedVips: listOf(/^ {3}Virtual IP Excluded :$/).map(withoutScope),
    peers: listOf(/^ {3}Unicast Peer :$/).map((line) => canonical(line.split(" ", 1)[0] ?? "")),
    trackers: listOf(/^ {3}Tracked files :$/).map((line) => line.replace(/, weight 0 reverse$/, "")),
  };
}

/** keepalived writes `::12.249.0.244` where RFC 5952 has `::cf9:f4`. */
function canonical(text: string): string {
  return text.replace(/^[^/ ]*:[^/ ]*/, (address) => new URL(`http://[${address}]`).hostname.slice(1, -1));
}
