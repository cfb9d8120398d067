/** Two network namespaces: a host with a VIP and a listener on port 8080, and a client that connects to port 80 of the VIP. */
import { execa } from "execa";
import { type NatLab, openNatLab } from "../../iptables/io/nat-lab.ts";

const LISTENER =
  'require("net").createServer((socket) => socket.end()).listen(8080, "::", () => console.log("up"))';

export interface ClientLab {
  readonly host: NatLab;
  /** Whether the client's connection to port 80 of the VIP is accepted. */
  connects(): Promise<boolean>;
  /** Has the client try port 80 of the VIP until `end`. */
  knock(): { end(): void };
  remove(): Promise<void>;
}

/** With prefix lengths, as `192.0.2.100/24`. Both hosts have them on `eth0`. */
export interface ClientLabAddresses {
  readonly vip: string;
  /** Another address of the host. */
  readonly host: string;
  readonly client: string;
}

export async function openClientLab(addresses: ClientLabAddresses): Promise<ClientLab> {
  const host = await openNatLab();
  const client = await openNatLab();
  const veth = ["type", "veth", "peer", "name", "eth0", "netns", client.namespace];
  await host.run("ip", "link", "add", "eth0", ...veth);
  const all = [
    { lab: host, address: addresses.host },
    { lab: host, address: addresses.vip },
    { lab: client, address: addresses.client },
  ];
  for (const { lab, address } of all) {
    // no duplicate address detection, which takes a second
    const isIpv6 = address.includes(":");
    await lab.run("ip", "addr", "add", address, "dev", "eth0", ...(isIpv6 ? ["nodad"] : []));
    for (const link of ["lo", "eth0"]) await lab.run("ip", "link", "set", link, "up");
  }
  const inside = ["netns", "exec", host.namespace];
  const listener = execa("ip", [...inside, process.execPath, "-e", LISTENER], { reject: false });
  await new Promise((resolve) => listener.stdout.once("data", resolve));
  const vip = addresses.vip.replace(/\/.*/, "");
  return {
    host,
    connects: async () => {
      const attempt = client.run("timeout", "5", "bash", "-c", `exec 3<>/dev/tcp/${vip}/80`);
      return attempt.then(
        () => true,
        () => false,
      );
    },
    knock: () => {
      const script = `while :; do timeout 0.5 bash -c 'exec 3<>/dev/tcp/${vip}/80' 2> /dev/null; sleep 0.1; done`;
      const knocking = execa("ip", ["netns", "exec", client.namespace, "bash", "-c", script], {
        reject: false,
      });
      return { end: () => knocking.kill("SIGKILL") };
    },
    remove: async () => {
      await client.remove();
      await host.remove(); // ends the listener, too
    },
  };
}
