/**
 * What everything is compared with: keepalived alone, as shell images for Rancher configure it. VRRPv2 by multicast with
 * an advert a second, the same priority on all hosts, a check of the port by a pipeline of shell commands each second;
 * and a shell that looks twice a second whether keepalived is there.
 */
import type { IptablesBackend } from "../e2e/lab/rancher-rules.ts";
import { DEFAULT_VIP } from "../e2e/lab/topology.ts";

export interface BaselineSettings {
  readonly backend: IptablesBackend;
  /** The VIPs of each `vrrp_instance`; its VRID is the last octet of the first one. */
  readonly groups: readonly (readonly string[])[];
}

/** As an image does it: a signal to the container releases the VIPs. */
const SCRIPT = `
trap 'kill -TERM $pid; wait $pid; exit 0' TERM INT
keepalived -n -l -D -P -f "$1" &
pid=$!
while sleep 0.5; do
  pidof keepalived >/dev/null || exit 1
done
`;

export function baselineScript(confFile: string): readonly string[] {
  return ["/bin/sh", "-c", SCRIPT, "sh", confFile];
}

export function baselineConf({
  backend = "nft",
  groups = [[DEFAULT_VIP]],
}: Partial<BaselineSettings>): string {
  const look = `iptables-${backend} -t nat -nL CATTLE_PREROUTING | grep -q :80`;
  return `
global_defs {
  router_id image
  vrrp_version 2
  script_user root
}
vrrp_script published {
  script "/bin/bash -c \\"${look}\\""
  interval 1
  fall 2
  rise 2
}
${groups.map(instance).join("")}`;
}

function instance(vips: readonly string[], index: number): string {
  return `
vrrp_instance lb-${index} {
  state BACKUP
  interface eth0
  virtual_router_id ${vips[0]?.split(".").at(-1)}
  priority 100
  advert_int 1
  track_script {
    published
  }
  virtual_ipaddress {
${vips.map((vip) => `    ${vip}/32 dev eth0`).join("\n")}
  }
}
`;
}
