/** Tables of other programs with rules in raw and mangle, and more of the nat table: see program-tables.ts. */
import { type ProgramTable, programTable } from "./program-tables.ts";

const VIP = "192.168.10.100";
const HOST = "192.168.10.11";

interface Earlier {
  readonly raw?: readonly string[];
  readonly mangle?: readonly string[];
}

/** Lines that begin with `:` are policies; chains are declared by their rules. */
function section(name: string, lines: readonly string[]): string {
  const rules = lines.filter((line) => !line.startsWith(":"));
  const policy = lines.find((line) => line.startsWith(":")) ?? ":PREROUTING ACCEPT [0:0]";
  const chains = new Set(rules.map((rule) => rule.split(" ", 2)[1] ?? ""));
  chains.delete("PREROUTING");
  const names = [...chains].map((chain) => `:${chain} - [0:0]`);
  return [`*${name}`, policy, ...names, ...rules, "COMMIT", ""].join("\n");
}

function tables(
  program: string,
  verdicts: string,
  { raw = [], mangle = [] }: Earlier,
  ...nat: readonly string[]
): ProgramTable {
  const { save, ...rest } = programTable(program, verdicts, ...nat);
  return { ...rest, save: `${section("raw", raw)}${section("mangle", mangle)}${save}` };
}

const to = (port: number, host = "10.0.0.5") => `-j DNAT --to-destination ${host}:${port}`;
const tcp = (port: number) => `-p tcp -m tcp --dport ${port}`;
const LOCAL = "-m addrtype --dst-type LOCAL";
const RANCHERS_MARK = "-j MARK --set-xmark 0x1068/0xffffffff";
const CATTLE_RAW = [
  `-A PREROUTING ${LOCAL} -j CATTLE_RAW_PREROUTING`,
  `-A CATTLE_RAW_PREROUTING ! -i docker0 ${tcp(80)} ${RANCHERS_MARK}`,
  `-A CATTLE_RAW_PREROUTING ! -i docker0 ${tcp(443)} ${RANCHERS_MARK}`,
];
const ISTIO_TPROXY = [
  "-A PREROUTING -p tcp -j ISTIO_INBOUND",
  `-A ISTIO_INBOUND ${tcp(443)} -j RETURN`,
  "-A ISTIO_INBOUND -s 10.42.0.0/16 -p tcp -j RETURN",
  "-A ISTIO_INBOUND -p tcp -m conntrack --ctstate RELATED,ESTABLISHED -j ISTIO_DIVERT",
  "-A ISTIO_INBOUND -p tcp -j ISTIO_TPROXY",
  "-A ISTIO_DIVERT -j MARK --set-xmark 0x539/0xffffffff",
  "-A ISTIO_DIVERT -j ACCEPT",
  "-A ISTIO_TPROXY ! -d 127.0.0.1/32 -p tcp -j TPROXY --on-port 8080 --on-ip 0.0.0.0 --tproxy-mark 0x539/0xffffffff",
];
const DDOS = [
  "-A PREROUTING -m conntrack --ctstate INVALID -j DROP",
  "-A PREROUTING -p tcp -m conntrack --ctstate NEW -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j DROP",
  "-A PREROUTING -p tcp -m conntrack --ctstate NEW -m tcpmss ! --mss 536:65535 -j DROP",
  "-A PREROUTING -p tcp -m tcp --tcp-flags FIN,SYN FIN,SYN -j DROP",
  "-A PREROUTING -p tcp -m tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE -j DROP",
  "-A PREROUTING -s 240.0.0.0/5 -i eth0 -j DROP",
  "-A PREROUTING -s 10.0.0.0/8 -i eth0 -j DROP",
  "-A PREROUTING -f -j DROP",
];
const MWAN = [
  "-A PREROUTING -j mwan3_hook",
  "-A mwan3_hook -j CONNMARK --restore-mark --nfmask 0x3f00 --ctmask 0x3f00",
  "-A mwan3_hook -m mark --mark 0x0/0x3f00 -j mwan3_ifaces_in",
  "-A mwan3_hook -j CONNMARK --save-mark --nfmask 0x3f00 --ctmask 0x3f00",
  "-A mwan3_ifaces_in -i eth0 -m mark --mark 0x0/0x3f00 -j MARK --set-xmark 0x100/0x3f00",
];
const firewalldMarks = (zone: string) => [
  "-A PREROUTING -j PREROUTING_ZONES",
  `-A PREROUTING_ZONES -i ${zone} -g PRE_public`,
  "-A PRE_public -j PRE_public_allow",
  `-A PRE_public_allow ${tcp(443)} -j MARK --set-xmark 0x64/0xffffffff`,
];
const FIREWALLD_NAT = [
  "-A PREROUTING -j PREROUTING_ZONES",
  "-A PREROUTING_ZONES -g PRE_public",
  "-A PRE_public -j PRE_public_allow",
  `-A PRE_public_allow -p tcp -m mark --mark 0x64 ${to(443)}`,
];

/** Clients come by eth0. */
export const TABLES_BEFORE: readonly ProgramTable[] = [
  tables("firewalld of CentOS 7, which marks", "huhh", { mangle: firewalldMarks("eth0") }, ...FIREWALLD_NAT),
  tables(
    "firewalld that marks for another interface",
    "hhhh",
    { mangle: firewalldMarks("eth1") },
    ...FIREWALLD_NAT,
  ),
  tables("firewalld with rpfilter", "hhhh", {
    raw: ["-A PREROUTING -m rpfilter --validmark --invert -j DROP"],
  }),
  tables("ufw", "uhhh", {}, `-A PREROUTING ${tcp(80)} -j REDIRECT --to-ports 8080`),
  tables("ufw for the inside", "hhhh", {}, `-A PREROUTING -i eth1 ${tcp(80)} -j REDIRECT --to-ports 8080`),
  tables(
    "Shorewall with marks of providers",
    "hhuh",
    {
      mangle: [
        "-A PREROUTING -i eth0 -j MARK --set-xmark 0x1/0xff",
        "-A PREROUTING -m mark ! --mark 0x0/0xff -j CONNMARK --save-mark --nfmask 0xff --ctmask 0xff",
      ],
    },
    "-A PREROUTING -i eth0 -j net_dnat",
    `-A net_dnat -s 203.0.113.0/24 ${tcp(80)} ${to(80)}`,
    `-A net_dnat -m connmark --mark 0x1/0xff ${tcp(8080)} ${to(8080)}`,
    `-A net_dnat -m connmark --mark 0x2/0xff ${tcp(443)} ${to(443)}`,
  ),
  tables(
    "kube-proxy with a node port",
    "hhuh",
    {},
    "-A PREROUTING -j KUBE-SERVICES",
    `-A KUBE-SERVICES ! -s 10.42.0.0/16 -d 10.43.0.1/32 ${tcp(443)} -j KUBE-MARK-MASQ`,
    `-A KUBE-SERVICES ${LOCAL} -j KUBE-NODEPORTS`,
    `-A KUBE-NODEPORTS ${tcp(8080)} -j KUBE-MARK-MASQ`,
    `-A KUBE-NODEPORTS ${tcp(8080)} -j KUBE-SVC`,
    "-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000",
    "-A KUBE-SVC -j KUBE-SEP",
    "-A KUBE-SEP -s 10.0.0.5/32 -j KUBE-MARK-MASQ",
    `-A KUBE-SEP -p tcp -m tcp ${to(80)}`,
  ),
  tables(
    "kube-proxy without a local endpoint",
    "hhhh",
    {},
    `-A PREROUTING ${tcp(80)} -j KUBE-XLB`,
    "-A KUBE-XLB -s 10.42.0.0/16 -j KUBE-SVC",
    "-A KUBE-XLB -j KUBE-MARK-DROP",
    "-A KUBE-MARK-DROP -j MARK --set-xmark 0x8000/0x8000",
    `-A KUBE-SVC -p tcp ${to(80)}`,
  ),
  tables(
    "kube-proxy with affinity",
    "huhh",
    {},
    "-A PREROUTING -j KUBE-SERVICES",
    `-A KUBE-SERVICES -d ${VIP}/32 ${tcp(443)} -j KUBE-SVC`,
    "-A KUBE-SVC -m recent --rcheck --seconds 10800 --reap --name KUBE-SEP --rsource -j KUBE-SEP",
    "-A KUBE-SVC -j KUBE-SEP",
    `-A KUBE-SEP -p tcp -m recent --set --name KUBE-SEP --rsource -m tcp ${to(443)}`,
  ),
  tables(
    "CNI port mapping of one port",
    "hhuh",
    {},
    `-A PREROUTING ${LOCAL} -j CNI-HOSTPORT-DNAT`,
    "-A CNI-HOSTPORT-DNAT -p tcp -m multiport --dports 8080 -j CNI-DN",
    `-A CNI-DN -s 127.0.0.1/32 ${tcp(8080)} -j CNI-HOSTPORT-SETMARK`,
    `-A CNI-DN ${tcp(8080)} ${to(80)}`,
    "-A CNI-HOSTPORT-SETMARK -j MARK --set-xmark 0x2000/0x2000",
  ),
  tables(
    "netavark of Podman",
    "uhhh",
    {},
    `-A PREROUTING ${LOCAL} -j NETAVARK-HOSTPORT-DNAT`,
    `-A NETAVARK-HOSTPORT-DNAT ${tcp(80)} -m comment --comment "dnat name: podman id: 1d8" -j NETAVARK-DN`,
    `-A NETAVARK-DN -s 10.88.0.0/16 ${tcp(80)} -j NETAVARK-HOSTPORT-SETMARK`,
    `-A NETAVARK-DN ${tcp(80)} ${to(80)}`,
    "-A NETAVARK-HOSTPORT-SETMARK -j MARK --set-xmark 0x2000/0x2000",
  ),
  tables(
    "Istio that takes every port",
    "uuuh",
    {},
    "-A PREROUTING -p tcp -j ISTIO_INBOUND",
    `-A ISTIO_INBOUND ${tcp(22)} -j RETURN`,
    "-A ISTIO_INBOUND -p tcp -j ISTIO_IN_REDIRECT",
    "-A ISTIO_IN_REDIRECT -p tcp -j REDIRECT --to-ports 8080",
  ),
  tables("Istio with TPROXY", "uhuh", { mangle: ISTIO_TPROXY }),
  tables(
    "Calico with a floating address",
    "hhhh",
    {
      raw: [
        "-A PREROUTING -j cali-PREROUTING",
        "-A cali-PREROUTING -j MARK --set-xmark 0x0/0xf0000",
        "-A cali-PREROUTING -i cali+ -j MARK --set-xmark 0x40000/0x40000",
        "-A cali-PREROUTING -m mark --mark 0x40000/0x40000 -m rpfilter --validmark --invert -j DROP",
        "-A cali-PREROUTING -m mark --mark 0x20000/0x20000 -j ACCEPT",
      ],
      mangle: [
        "-A PREROUTING -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "-A PREROUTING -m mark --mark 0x10000/0x10000 -j ACCEPT",
      ],
    },
    "-A PREROUTING -j cali-PREROUTING",
    "-A cali-PREROUTING -j cali-fip-dnat",
    `-A cali-fip-dnat -d ${HOST}/32 -j DNAT --to-destination 10.0.0.5`,
  ),
  tables("Cilium", "hhhh", {
    raw: ["-A PREROUTING -j CILIUM_PRE_raw", "-A CILIUM_PRE_raw -m mark --mark 0x200/0xf00 -j CT --notrack"],
    mangle: [
      "-A PREROUTING -j CILIUM_PRE_mangle",
      "-A CILIUM_PRE_mangle -m socket --transparent -m mark ! --mark 0xe00/0xf00 -j MARK --set-xmark 0x200/0xffffffff",
      "-A CILIUM_PRE_mangle -p tcp -m mark --mark 0x3f2d0200 -j TPROXY --on-port 8080 --on-ip 127.0.0.1 --tproxy-mark 0x200/0xffffffff",
    ],
  }),
  tables(
    "Docker 20 in front of Rancher",
    "huhh",
    {},
    `-A PREROUTING ${LOCAL} -j DOCKER`,
    "-A DOCKER -i docker0 -j RETURN",
    `-A DOCKER ! -i docker0 ${tcp(443)} ${to(443)}`,
    `-A DOCKER -d ${HOST}/32 ! -i docker0 ${tcp(80)} ${to(80)}`,
  ),
  tables("Docker 28", "hhhh", {
    raw: [
      "-A PREROUTING -d 10.42.1.2/32 ! -i docker0 -j DROP",
      "-A PREROUTING -d 127.0.0.0/8 ! -i lo -j DROP",
    ],
  }),
  tables(
    "Docker Swarm",
    "hhuh",
    {},
    `-A PREROUTING ${LOCAL} -j DOCKER-INGRESS`,
    `-A DOCKER-INGRESS ${tcp(8080)} ${to(8080, "10.0.0.6")}`,
    "-A DOCKER-INGRESS -j RETURN",
  ),
  tables("fail2ban in raw", "hhhh", {
    raw: [
      "-A PREROUTING -p tcp -j f2b-sshd",
      "-A f2b-sshd -s 198.51.100.7/32 -j DROP",
      "-A f2b-sshd -j RETURN",
    ],
  }),
  tables("a block list of half the world", "hhhh", {
    raw: [`-A PREROUTING -s 0.0.0.0/1 -i eth0 ${tcp(80)} -j DROP`],
  }),
  tables(
    "Rancher's marks, and a rule that asks for them",
    "uuhh",
    { raw: CATTLE_RAW },
    "-A PREROUTING -m mark --mark 0x1068 -j ACCEPT",
  ),
  tables(
    "Rancher's marks, and a rule that asks for none",
    "hhuh",
    { raw: CATTLE_RAW },
    "-A PREROUTING -p tcp -m mark --mark 0x0 -j ACCEPT",
  ),
  tables(
    "Rancher 1.2, which marks in nat",
    "huuh",
    {},
    `-A PREROUTING ${tcp(80)} ${RANCHERS_MARK}`,
    "-A PREROUTING -p tcp -m mark ! --mark 0x1068 -j ACCEPT",
  ),
  tables("rules against floods", "hhhh", {
    mangle: DDOS,
    raw: [
      "-A PREROUTING -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -m hashlimit --hashlimit-above 900/sec --hashlimit-mode srcip --hashlimit-name flood -j DROP",
    ],
  }),
  tables("a web server without connection tracking", "uuhh", {
    raw: ["-A PREROUTING -i eth0 -p tcp -m multiport --dports 80,443 -j CT --notrack"],
  }),
  tables("a name server without connection tracking", "hhhu", {
    raw: ["-A PREROUTING -i eth0 -p udp -m udp --dport 53 -j NOTRACK"],
  }),
  tables("Squid with TPROXY", "uhhh", {
    mangle: [
      "-A PREROUTING -p tcp -m socket --transparent -j DIVERT",
      `-A PREROUTING -i eth0 ${tcp(80)} -j TPROXY --on-port 8080 --on-ip 0.0.0.0 --tproxy-mark 0x1/0x1`,
      "-A DIVERT -j MARK --set-xmark 0x1/0xffffffff",
      "-A DIVERT -j ACCEPT",
    ],
  }),
  tables(
    "miniupnpd",
    "hhuh",
    {},
    "-A PREROUTING -i eth0 -j MINIUPNPD",
    `-A MINIUPNPD ${tcp(8080)} ${to(8080)}`,
  ),
  tables(
    "mwan3",
    "huhh",
    { mangle: MWAN },
    `-A PREROUTING -m mark --mark 0x100/0x3f00 ${tcp(443)} -j ACCEPT`,
  ),
  tables(
    "OpenVPN",
    "hhhh",
    {},
    `-A PREROUTING -i tun0 -p tcp ${to(80)}`,
    "-A PREROUTING -s 10.8.0.0/24 -j ACCEPT",
  ),
  tables(
    "LXD",
    "hhhh",
    {},
    `-A PREROUTING -d ${HOST}/32 ${tcp(443)} -m comment --comment "generated for LXD container" ${to(443)}`,
  ),
  tables(
    "Neutron",
    "uuuu",
    {},
    "-A PREROUTING -j neutron-PREROUTING",
    `-A neutron-PREROUTING -d 169.254.169.254/32 -i qr-+ ${tcp(80)} -j REDIRECT --to-ports 9697`,
    `-A neutron-PREROUTING -d ${VIP}/32 -j DNAT --to-destination 10.0.0.5`,
  ),
  tables(
    "Tor",
    "uuuu",
    {},
    "-A PREROUTING -i eth0 -p udp -m udp --dport 53 -j REDIRECT --to-ports 8080",
    "-A PREROUTING -i eth0 -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j REDIRECT --to-ports 8080",
  ),
  tables("IPVS by marks", "hhhh", {
    mangle: [`-A PREROUTING -d ${VIP}/32 ${tcp(80)} -j MARK --set-xmark 0x50/0xffffffff`],
  }),
  tables(
    "marks of connections",
    "uhhh",
    { mangle: [`-A PREROUTING ${tcp(80)} -j CONNMARK --set-xmark 0x1/0xffffffff`] },
    "-A PREROUTING -m connmark --mark 0x1 -j ACCEPT",
  ),
  tables("a policy of raw", "hhuu", {
    raw: [
      ":PREROUTING DROP [0:0]",
      "-A PREROUTING -i eth0 -p tcp -m multiport --dports 80,443 -j ACCEPT",
      "-A PREROUTING -i docker0 -j ACCEPT",
    ],
  }),
  tables("a mapped network", "hhhu", {}, `-A PREROUTING -d ${VIP}/32 -p udp -j NETMAP --to 10.0.0.5/32`),
];
