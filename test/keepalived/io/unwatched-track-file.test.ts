/** What the remedy of a contradiction relies on: keepalived without an inotify instance, in a user namespace of its own. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";

const VIP = "192.0.2.100";
const CONF = `track_file ready {
  file FOLDER/ready
  weight 0 reverse
}
vrrp_instance main {
  state BACKUP
  interface eth0
  virtual_router_id 51
  priority 240
  version 3
  advert_int 0.2
  unicast_src_ip 192.0.2.1
  unicast_peer {
    192.0.2.1
  }
  virtual_ipaddress {
    ${VIP}/32 dev eth0
  }
  track_file {
    ready
  }
}
`;
/** Prints `has` or `lacks` for the VIP: without inotify, after a reload with it, and after the file was changed. */
const SCRIPT = `
ip link set lo up
ip link add eth0 type veth peer name far
ip address add 192.0.2.1/24 dev eth0
ip link set far up
ip link set eth0 up
say() { case "$(ip address show dev eth0)" in *${VIP}/*) echo has;; *) echo lacks;; esac; }
echo 0 > /proc/sys/user/max_inotify_instances
echo 1 > ready
keepalived -n -l -D -G -P -f keepalived.conf -p pid -r vrrp.pid > log 2>&1 &
until grep -q "Startup complete" log; do sleep 0.1; done
sleep 3; say
echo 100 > /proc/sys/user/max_inotify_instances
kill -HUP $(cat pid)
until [ "$(say)" = has ]; do sleep 0.1; done; say
echo 0 > ready
until [ "$(say)" = lacks ]; do sleep 0.1; done; say
kill $(cat pid); wait`;

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "rk-inotify-"));
  await writeFile(path.join(folder, "keepalived.conf"), CONF.replace("FOLDER", folder));
});
afterAll(() => rm(folder, { recursive: true, maxRetries: 20 }));

it("stays in FAULT although its file allows it to own, until it is reloaded with an inotify instance", async () => {
  const { stdout } = await execa("unshare", ["-Urn", "--kill-child", "sh", "-c", SCRIPT], { cwd: folder });
  expect(stdout.split("\n")).toEqual(["lacks", "has", "lacks"]);
});
