/** Nat tables as other programs leave them on a host of Rancher, and what the kernel does with clients of the VIP. */
import type { PortFinding } from "../../src/ports/published-port.ts";
import { HOOK, saveOf } from "../fixtures/nat-saves.ts";

const VIP = "192.168.10.100";
const HOST = "192.168.10.11";

const published = (protocol: string, port: number, to: string) => [
  `-A CATTLE_PREROUTING ! -i docker0 -p ${protocol} -m ${protocol} --dport ${port} -j DNAT --to-destination ${to}`,
  `-A CATTLE_PREROUTING -p ${protocol} -m ${protocol} --dport ${port} -m addrtype --dst-type LOCAL -j DNAT --to-destination ${to}`,
];
const RANCHER = [
  "-A CATTLE_PREROUTING -d 169.254.169.250/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 169.254.169.250:9346",
  ...published("tcp", 80, "10.42.1.2:80"),
  ...published("tcp", 443, "10.42.1.2:443"),
  ...published("tcp", 8080, "10.42.1.3:9000"),
  ...published("udp", 53, "10.42.1.2:53"),
];

/** In the order of the verdicts of a table. */
export const ASKED_PORTS = [
  { protocol: "tcp", port: 80 },
  { protocol: "tcp", port: 443 },
  { protocol: "tcp", port: 8080 },
  { protocol: "udp", port: 53 },
] as const;

export interface ProgramTable {
  readonly program: string;
  readonly save: string;
  /** One letter for each of `ASKED_PORTS`: `h`ealthy, `u`nhealthy. */
  readonly verdicts: string;
}

export const VERDICT_OF_LETTER: Readonly<Record<string, PortFinding["verdict"]>> = {
  h: "healthy",
  u: "unhealthy",
};

/** The rules of PREROUTING are in front of Rancher's hook. */
export function programTable(program: string, verdicts: string, ...rules: readonly string[]): ProgramTable {
  const first = rules.filter((rule) => rule.startsWith("-A PREROUTING "));
  const others = rules.filter((rule) => !rule.startsWith("-A PREROUTING "));
  const chains = new Set(others.map((rule) => rule.split(" ", 2)[1] ?? ""));
  return { program, verdicts, save: saveOf([...first, HOOK, ...RANCHER, ...others], [...chains]) };
}

/** Clients come by eth0. */
export const PROGRAM_TABLES: readonly ProgramTable[] = [
  programTable(
    "firewalld",
    "huhh",
    "-A PREROUTING -j PREROUTING_ZONES",
    "-A PREROUTING_ZONES -i docker0 -g PRE_trusted",
    "-A PREROUTING_ZONES -g PRE_public",
    "-A PRE_public -j PRE_public_allow",
    "-A PRE_public_allow -p tcp -m tcp --dport 443 -j REDIRECT --to-ports 8080",
    "-A PRE_trusted -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 53",
  ),
  programTable(
    "Shorewall",
    "hhuh",
    "-A PREROUTING -i eth0 -j net_dnat",
    "-A PREROUTING -i docker0 -j loc_dnat",
    `-A net_dnat -d ${VIP}/32 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.0.0.5:8080`,
    `-A net_dnat -d ${HOST}/32 -p tcp -m multiport --dports 80,443 -j DNAT --to-destination 10.0.0.5`,
    "-A loc_dnat -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 3128",
  ),
  programTable(
    "CSF",
    "uhuh",
    "-A PREROUTING -s 198.51.100.7/32 -p tcp -m multiport --dports 80,2082,2095 -j REDIRECT --to-ports 8080",
    `-A PREROUTING -d ${VIP}/32 ! -i lo -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080`,
    `-A PREROUTING -d ${HOST}/32 ! -i lo -p tcp -m tcp --dport 443 -j REDIRECT --to-ports 8080`,
    "-A PREROUTING ! -i lo -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.0.0.5:8080",
  ),
  programTable(
    "kube-proxy",
    "huhh",
    '-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
    "-A KUBE-SERVICES -d 10.43.0.10/32 -p udp -m udp --dport 53 -j KUBE-SVC",
    `-A KUBE-SERVICES -d ${VIP}/32 -p tcp -m comment --comment "default/web external IP" -m tcp --dport 443 -j KUBE-SVC`,
    `-A KUBE-SERVICES -d ${HOST}/32 -p tcp -m tcp --dport 80 -j KUBE-SVC`,
    "-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS",
    "-A KUBE-NODEPORTS -p tcp -m tcp --dport 8080 -j KUBE-MARK-DROP",
    "-A KUBE-MARK-DROP -j MARK --set-xmark 0x8000/0x8000",
    "-A KUBE-SVC -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-A",
    "-A KUBE-SVC -m statistic --mode random --probability 1.00000000000 -j KUBE-SEP-B",
    "-A KUBE-SEP-A -p tcp -m tcp -j DNAT --to-destination 10.0.0.5:80",
    "-A KUBE-SEP-B -p tcp -m tcp -j DNAT --to-destination 10.0.0.6:80",
  ),
  programTable(
    "CNI port mapping",
    "uhhh",
    "-A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT",
    '-A CNI-HOSTPORT-DNAT -p tcp -m comment --comment "dnat name: \\"cbr0\\" id: \\"8a1f\\"" -m multiport --dports 80,9000 -j CNI-DN-1f',
    "-A CNI-HOSTPORT-DNAT -p udp -m multiport --dports 53 -j CNI-DN-2f",
    "-A CNI-HOSTPORT-SETMARK -j MARK --set-xmark 0x2000/0x2000",
    "-A CNI-DN-1f -s 10.42.0.0/24 -p tcp -m tcp --dport 80 -j CNI-HOSTPORT-SETMARK",
    "-A CNI-DN-1f -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.5:8080",
    `-A CNI-DN-2f -d ${HOST}/32 -p udp -m udp --dport 53 -j DNAT --to-destination 10.0.0.5:53`,
  ),
  programTable(
    "Istio",
    "uhuh",
    "-A PREROUTING -p tcp -j ISTIO_INBOUND",
    "-A ISTIO_INBOUND -p tcp -m tcp --dport 443 -j RETURN",
    "-A ISTIO_INBOUND -p tcp -j ISTIO_IN_REDIRECT",
    "-A ISTIO_IN_REDIRECT -p tcp -j REDIRECT --to-ports 8080",
  ),
  programTable(
    "OpenWrt",
    "huhu",
    '-A PREROUTING -i eth0 -m comment --comment "!fw3" -j zone_wan_prerouting',
    '-A zone_wan_prerouting -p tcp -m tcp --dport 443 -m comment --comment "!fw3: Forward443" -j DNAT --to-destination 10.0.0.5:443',
    '-A zone_wan_prerouting -s 198.51.100.0/24 -p tcp -m tcp --dport 80 -m comment --comment "!fw3: only -j office" -j DNAT --to-destination 10.0.0.5:80',
    '-A zone_wan_prerouting -p udp -m udp --dport 53 -m comment --comment "!fw3: -p tcp ! -i x" -j REDIRECT --to-ports 8080',
  ),
  programTable(
    "fail2ban with a list of those that may",
    "uhhh",
    "-A PREROUTING -p tcp -m multiport --dports 80,443 -j f2b-web",
    "-A f2b-web -s 10.0.0.0/8 -j RETURN",
    "-A f2b-web -p tcp -m tcp --dport 443 -j RETURN",
    "-A f2b-web -p tcp -j REDIRECT --to-ports 8080",
  ),
  programTable(
    "Proxmox",
    "huuh",
    "-A PREROUTING -i eth0 -p tcp -m multiport ! --dports 22,80,8006 -j DNAT --to-destination 10.0.0.5",
  ),
  programTable(
    "AWS VPC CNI",
    "huhh",
    "-A PREROUTING -i eth0 -m addrtype --dst-type LOCAL --limit-iface-in -j CONNMARK --set-xmark 0x80/0x80",
    "-A PREROUTING -j CONNMARK --restore-mark --nfmask 0x80 --ctmask 0x80",
    "-A PREROUTING -p tcp -m tcp --dport 443 -m mark --mark 0x80/0x80 -j ACCEPT",
    "-A PREROUTING -p tcp -m tcp --dport 80 -m connmark ! --mark 0x80/0x80 -j ACCEPT",
  ),
  programTable(
    "a transparent proxy",
    "hhhh",
    "-A PREROUTING -p tcp -j PROXY",
    "-A PROXY -d 10.0.0.0/8 -j RETURN",
    "-A PROXY -d 192.168.0.0/16 -j RETURN",
    "-A PROXY -p tcp -j REDIRECT --to-ports 8080",
  ),
];
