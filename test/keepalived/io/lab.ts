/**
 * A real keepalived in a network namespace of its own: nothing of the machine's network is touched.
 *
 * The namespace has one interface, `eth0`, with the address 198.51.100.1/24. Programs enter it by a `keepalived` that
 * comes first on PATH and turns into the real one inside the namespace, with the same pid.
 */
import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { type Logger, pino } from "pino";
import { expect, vi } from "vitest";
import { sendSignal } from "../../fixtures/send-signal.ts";

const ADDRESS = "198.51.100.1";
export const VIP = "198.51.100.50";

export interface Lab {
  readonly namespace: string;
  readonly dir: string;
  readonly conf: string;
  readonly reloadCheckLog: string;
  readonly log: Logger;
  /** What was logged, at any level. */
  readonly logged: Record<string, unknown>[];
  /** Runs `ip` in the namespace. */
  ip(...args: readonly string[]): Promise<string>;
  hasVip(): Promise<boolean>;
  writeConf(edit?: (text: string) => string): Promise<void>;
  /** Makes `keepalived` a shell script for the rest of the test. */
  standIn(script: string): Promise<void>;
  /** Leaves these programs on PATH and no others for the rest of the test. */
  onlyPrograms(...names: readonly string[]): Promise<void>;
  remove(): Promise<void>;
}

let labs = 0;

export async function openLab(): Promise<Lab> {
  labs += 1;
  const namespace = `rka-io-${process.pid}-${labs}`;
  const dir = await mkdtemp(path.join(tmpdir(), "keepalived-lab-"));
  const conf = path.join(dir, "keepalived.conf");
  const reloadCheckLog = path.join(dir, "reload-check.log");
  const logged: Record<string, unknown>[] = [];
  const log = pino({ level: "debug" }, { write: (line: string) => logged.push(JSON.parse(line)) });

  const ip = async (...args: readonly string[]) => (await execa("ip", ["-n", namespace, ...args])).stdout;
  const standIn = (script: string) =>
    writeFile(path.join(dir, "keepalived"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const onlyPrograms = async (...names: readonly string[]) => {
    const bin = path.join(dir, "bin");
    await mkdir(bin);
    for (const name of names) await symlink(await which(name), path.join(bin, name));
    vi.stubEnv("PATH", bin);
  };
  const remove = async () => {
    vi.unstubAllEnvs();
    const { stdout: pids } = await execa("ip", ["netns", "pids", namespace], { reject: false });
    for (const pid of pids.split("\n").filter(Boolean)) sendSignal(Number(pid), "SIGKILL"); // of a failed test
    await execa("ip", ["netns", "del", namespace], { reject: false });
    const { dev, ino } = await stat(dir);
    await rm(`/dev/shm/rancher-keepalived-dump-${dev}-${ino}`, { recursive: true, force: true }); // of a killed agent
    await rm(dir, { recursive: true, force: true, maxRetries: 20 });
  };
  try {
    await execa("ip", ["netns", "add", namespace]);
    const lines = [
      "link set lo up",
      "link add eth0 type veth peer name far",
      "link set far up",
      `address add ${ADDRESS}/24 dev eth0`,
      "link set eth0 up",
    ];
    await execa("ip", ["-n", namespace, "-batch", "-"], { input: `${lines.join("\n")}\n` });
    const enter = `exec nsenter --net=/run/netns/${namespace} ${await which("keepalived")} "$@"`;
    await standIn(enter);
  } catch (error) {
    await remove();
    throw error;
  }
  const { PATH } = process.env;
  vi.stubEnv("PATH", `${dir}:${PATH}`);
  await writeFile(path.join(dir, "ready"), "1\n");

  return {
    namespace,
    dir,
    conf,
    reloadCheckLog,
    log,
    logged,
    ip,
    remove,
    standIn,
    onlyPrograms,
    hasVip: async () => (await ip("-br", "address", "show", "dev", "eth0")).includes(`${VIP}/`),
    writeConf: (edit = (text) => text) => writeFile(conf, edit(confText(dir, reloadCheckLog))),
  };
}

/** Polls until a process is gone or nothing but a zombie. */
export async function gone(pid: number): Promise<void> {
  await expect
    .poll(async () => /\) Z /.test(await readFile(`/proc/${pid}/stat`, "utf8").catch(() => ") Z ")))
    .toBe(true);
}

/** The pid in a file that keepalived writes, once it is there whole. */
export async function pidIn(file: string): Promise<number> {
  let text = "";
  const read = async () => {
    text = await readFile(file, "utf8").catch(() => "");
    return text;
  };
  await expect.poll(read).toMatch(/^\d+\n$/);
  return Number(text);
}

async function which(program: string): Promise<string> {
  return (await execa("which", [program])).stdout;
}

/** A host that is alone: its one peer is its own address. */
function confText(dir: string, reloadCheckLog: string): string {
  return `
global_defs {
  router_id lab
  vrrp_version 3
  script_user root
  enable_script_security
  vrrp_check_unicast_src
  max_auto_priority 0
  vrrp_notify_fifo ${dir}/vrrp.fifo
  reload_check_config ${reloadCheckLog}
}
track_file ready {
  file "${dir}/ready"
  weight 0 reverse
}
vrrp_instance main {
  state BACKUP
  nopreempt
  interface eth0
  virtual_router_id 51
  priority 240
  advert_int 0.2
  unicast_src_ip ${ADDRESS}
  track_src_ip
  unicast_peer {
    ${ADDRESS} min_ttl 255 max_ttl 255
  }
  higher_prio_send_advert true
  lower_prio_no_advert true
  garp_master_delay 1
  garp_master_refresh 10
  virtual_ipaddress {
    ${VIP}/32 dev eth0
  }
  track_file {
    ready
  }
}
`;
}
