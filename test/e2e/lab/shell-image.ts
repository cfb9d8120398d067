/** The shell image that this product replaces, as a container of the lab: its keepalived.conf, and how its script ran it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Container } from "./container.ts";
import type { Host } from "./host.ts";

/** The password that was fixed in the image. */
export const SHELL_IMAGE_PASSWORD = "blahblah";

export interface ShellImageSettings {
  readonly virtualIp: string;
  readonly virtualMask: number;
  readonly virtualRouterId: number;
}

/** As the image wrote it, but for its check, which needs a shell and never passes, and a 0 that keepalived 2.2.7 wants. */
function confOf({ virtualIp, virtualMask, virtualRouterId }: ShellImageSettings): string {
  return `
    global_defs {
        router_id your_hostname
        vrrp_version 2
        vrrp_garp_master_delay 1
        vrrp_garp_master_refresh 0
        script_user root
    }

    vrrp_script chk_haproxy {
        script       "/usr/sbin/iptables -w -t nat -nL CATTLE_PREROUTING"
        timeout 1
        interval 1   # check every 1 second
        fall 2       # require 2 failures for KO
        rise 2       # require 2 successes for OK
    }

    vrrp_instance lb-vips {
        state BACKUP
        interface eth0
        virtual_router_id ${virtualRouterId}
        priority 100
        advert_int 1
        nopreempt
        track_script {
            chk_haproxy
        }
        authentication {
            auth_type PASS
            auth_pass ${SHELL_IMAGE_PASSWORD}
        }
        virtual_ipaddress {
            ${virtualIp}/${virtualMask} dev eth0
        }
    }
`;
}

/** The end of the image's script: keepalived in the background, told to end when the container is. */
const SCRIPT = `
trap 'kill -TERM $pid; wait $pid; exit 0' TERM INT
/usr/sbin/keepalived --dont-fork --log-console --log-detail --vrrp -f "$1" &
pid=$!
wait $pid
exit 1
`;

export async function startShellImage(host: Host, settings: ShellImageSettings): Promise<Container> {
  const conf = join(host.folder, "shell-image.conf");
  writeFileSync(conf, confOf(settings));
  return host.startContainer(["/bin/sh", "-c", SCRIPT, "sh", conf]);
}
