/** keepalived alone in a lab: what VRRP itself does, beside a client that asks the VIP. */
import { writeFileSync } from "node:fs";
import { createBareLab } from "../../e2e/lab/bare-lab.ts";
import type { Host } from "../../e2e/lab/host.ts";
import type { Lab } from "../../e2e/lab/lab.ts";
import { DEFAULT_VIP as VIP } from "../../e2e/lab/topology.ts";

export { VIP };

export interface PlainSettings {
  readonly priority: number;
  readonly intervalSeconds: number;
  /** Takes the VIP back from a lower priority. */
  readonly preempt?: boolean;
  /** Becomes keepalived by its last words, such as `["chrt", "-r", "10"]`. */
  readonly wrapper?: readonly string[];
}

export function openPlainLab(hosts: number): Promise<Lab> {
  return createBareLab({ hosts });
}

/** The instance is as the agent writes it. */
export async function startPlain(lab: Lab, host: Host, settings: PlainSettings): Promise<void> {
  const { priority, intervalSeconds, preempt = false, wrapper = [] } = settings;
  const peers = lab.hosts.filter((other) => other !== host).map(({ address }) => address);
  const conf = `
global_defs {
  router_id ${host.name}
  vrrp_version 3
  script_user root
  enable_script_security
  vrrp_check_unicast_src
}
vrrp_instance main {
  state BACKUP
  ${preempt ? "" : "nopreempt"}
  interface eth0
  virtual_router_id 100
  priority ${priority}
  advert_int ${intervalSeconds}
  unicast_src_ip ${host.address}
  track_src_ip
  unicast_peer {
    ${peers.map((peer) => `${peer} min_ttl 255 max_ttl 255`).join("\n    ")}
  }
  higher_prio_send_advert true
  lower_prio_no_advert true
  garp_master_delay 1
  garp_master_refresh 10
  virtual_ipaddress {
    ${VIP}/32 dev eth0
  }
}
`;
  writeFileSync(host.confFile, conf);
  const files = ["-f", host.confFile, "-p", "/run/keepalived.pid", "-r", "/run/vrrp.pid"];
  await host.startContainer([...wrapper, "keepalived", "-n", "-l", "-D", "-G", "-P", ...files]);
}
