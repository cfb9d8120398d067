/**
 * The lab's networks as lines for `ip -batch`: one LAN with a switch, a client and the hosts, and behind each host a
 * docker0 bridge with the namespace that plays its containers.
 *
 *     client .200 ──┐                          ┌ docker0 172.17.0.1 ── 172.17.0.2, 10.42.<n>.2, 169.254.169.250
 *                   ├── switch .1 ── h<n> .10+n┤
 *       198.51.100.0/24 on br0      eth0       └ (iptables: VIP:80 -> 10.42.<n>.2:80)
 *
 * IPv6 beside it: 2001:db8:100::/64 with the same last numbers, without duplicate address detection, which takes seconds.
 *
 * The switch has a namespace of its own, so the machine's network is never touched.
 */
const CLIENT_ADDRESS = "198.51.100.200";
const GATEWAY_ADDRESS = "198.51.100.1";
const CLIENT_ADDRESS6 = "2001:db8:100::200";
/** Of docker0, on every host: what answers the ports of IPv6 addresses listens there. */
export const ANSWERER_ADDRESS6 = "fd42::1";
/** The virtual IP that agents get unless a test says otherwise. */
export const DEFAULT_VIP = "198.51.100.100";
export const METADATA_ADDRESS = "169.254.169.250";
/** A neighbour that does not exist: what is sent to it is lost without a word. */
const NOBODY = "02:00:00:00:00:01";
/**
 * The kernel reports a cable's state at once only where the interface indices of its two ends differ; else up to a
 * second late. One end gets an index that the other will not have.
 */
const FAR_INDEX = 100;

export interface HostNetwork {
  /** From 1; the host's name, addresses and namespaces follow from it. */
  readonly number: number;
  readonly name: string;
  readonly address: string;
  readonly address6: string;
  readonly linkLocal: string;
  readonly namespace: string;
  /** The namespace behind docker0, in which the metadata service and the backend run. */
  readonly containerNamespace: string;
  readonly backendAddress: string;
}

export interface LabNetwork {
  readonly switchNamespace: string;
  readonly clientNamespace: string;
}

export function labNetwork(labName: string): LabNetwork {
  return { switchNamespace: `${labName}-sw`, clientNamespace: `${labName}-cl` };
}

/** @throws {RangeError} where the LAN has no address for the number: 1-89 are free. */
export function hostNetwork(labName: string, number: number): HostNetwork {
  if (number < 1 || number > 89) throw new RangeError(`host ${number} is not within 1-89`);
  return {
    number,
    name: `h${number}`,
    address: `198.51.100.${10 + number}`,
    address6: `2001:db8:100::${10 + number}`,
    linkLocal: `fe80::${10 + number}`,
    namespace: `${labName}-h${number}`,
    containerNamespace: `${labName}-m${number}`,
    backendAddress: `10.42.${number}.2`,
  };
}

/** Outside any namespace: the namespaces of switch and client. */
export function createLan(lab: LabNetwork): string[] {
  return [
    `netns add ${lab.switchNamespace}`,
    `netns add ${lab.clientNamespace}`,
    cable(lab.clientNamespace, "cl", lab),
  ];
}

/** Inside the switch's namespace. */
export function configureSwitch(): string[] {
  return [
    "link add br0 type bridge mcast_snooping 0",
    `address add ${GATEWAY_ADDRESS}/24 dev br0`,
    "link set br0 up",
    "link set lo up",
    "link set cl master br0 up",
    "link add br1 type bridge mcast_snooping 0",
    "link set br1 up",
  ];
}

/** Inside the client's namespace. */
export function configureClient(): string[] {
  return [
    "link set lo up",
    `address add ${CLIENT_ADDRESS}/24 dev eth0`,
    `address add ${CLIENT_ADDRESS6}/64 dev eth0 nodad`,
    "link set eth0 up",
    `route add default via ${GATEWAY_ADDRESS}`,
  ];
}

/** Outside any namespace: a host's two namespaces. */
export function createHost(host: HostNetwork, lab: LabNetwork): string[] {
  return [
    `netns add ${host.namespace}`,
    `netns add ${host.containerNamespace}`,
    cable(host.namespace, host.name, lab),
    `link add eth0 netns ${host.containerNamespace} index ${FAR_INDEX} type veth peer name veth0 netns ${host.namespace}`,
  ];
}

/** Inside the switch's namespace: the host's cable is plugged in. */
export function plugIn(host: HostNetwork): string[] {
  return [`link set ${host.name} master br0 up`];
}

/** Inside the host's namespace. docker0 carries the managed network's address too, as with Rancher's bridge plugin. */
export function configureHost(host: HostNetwork): string[] {
  return [
    "link set lo up",
    "link add docker0 type bridge",
    "link set veth0 master docker0 up",
    "link set docker0 up",
    "address add 172.17.0.1/16 dev docker0",
    "address add 10.42.0.1/16 dev docker0",
    `address add ${ANSWERER_ADDRESS6}/64 dev docker0 nodad`,
    "link set eth0 up",
    `route add ${METADATA_ADDRESS}/32 dev docker0`,
    ...restoreAddresses(host),
  ];
}

/** Inside the namespace behind docker0. */
export function configureContainers(host: HostNetwork): string[] {
  return [
    "link set lo up",
    "address add 172.17.0.2/16 dev eth0",
    `address add ${host.backendAddress}/16 dev eth0`,
    `address add ${METADATA_ADDRESS}/32 dev eth0`,
    "link set eth0 up",
    "route add default via 172.17.0.1",
  ];
}

/** Inside the host's namespace: eth0's own addresses and route, of which the kernel drops some when it goes down. */
export function restoreAddresses(host: HostNetwork): string[] {
  return [
    `address replace ${host.address}/24 dev eth0`,
    `address replace ${host.address6}/64 dev eth0 nodad`,
    `address replace ${host.linkLocal}/64 dev eth0 nodad`,
    `route replace default via ${GATEWAY_ADDRESS} dev eth0`,
  ];
}

/** Inside the host's namespace: packets to the metadata service vanish, on open connections too. */
export function muteMetadata(): string[] {
  return [`neighbour replace ${METADATA_ADDRESS} lladdr ${NOBODY} nud permanent dev docker0`];
}

export function unmuteMetadata(): string[] {
  return [`neighbour delete ${METADATA_ADDRESS} dev docker0`];
}

function cable(namespace: string, port: string, lab: LabNetwork): string {
  return `link add eth0 netns ${namespace} index ${FAR_INDEX} type veth peer name ${port} netns ${lab.switchNamespace}`;
}
