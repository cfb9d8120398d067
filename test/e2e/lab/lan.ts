/** Builds the lab's LAN, and plugs hosts into it. */
import { ipBatch, run } from "./command.ts";
import {
  configureClient,
  configureSwitch,
  createHost,
  createLan,
  type HostNetwork,
  type LabNetwork,
  plugIn,
} from "./topology.ts";

/** A switch and a client. */
export async function buildLan(lab: LabNetwork): Promise<void> {
  await ipBatch(createLan(lab));
  await Promise.all([
    ipBatch(configureSwitch(), lab.switchNamespace),
    ipBatch(configureClient(), lab.clientNamespace),
    // One datagram may wait for the virtual IP's owner, no more: a queue answered late would hide a silence.
    run(
      [
        "sh",
        "-ec",
        'for family in ipv4 ipv6; do echo 0 > "/proc/sys/net/$family/neigh/eth0/unres_qlen_bytes"; done',
      ],
      {
        namespace: lab.clientNamespace,
      },
    ),
  ]);
}

/** The hosts' namespaces, with cables to the switch; what is inside is not configured yet. */
export async function plugInHosts(hosts: readonly HostNetwork[], lab: LabNetwork): Promise<void> {
  await ipBatch(hosts.flatMap((host) => createHost(host, lab)));
  await ipBatch(hosts.flatMap(plugIn), lab.switchNamespace);
}
