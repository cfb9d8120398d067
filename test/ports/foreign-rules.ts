/** Rules of other programs before Rancher's hook, and conditions of the hook: each kind with what the kernel does. */
import type { PortFinding } from "../../src/ports/published-port.ts";
import { HOOK } from "../fixtures/nat-saves.ts";

export const VIP = "192.168.10.100";
export const P80 = "-A CATTLE_PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.42.1.2:80";
const P443 = P80.replace("--dport 80", "--dport 443");
/** The chains that the rules name. */
export const CHAINS = ["CHAIN", "net_dnat", "dnat"];

export const beforeHook = (...rules: readonly string[]) => [
  ...rules.map((rule) => `-A PREROUTING ${rule}`),
  HOOK,
  P80,
];
export const hooked = (match: string) => [`-A PREROUTING ${match} -j CATTLE_PREROUTING`, P80, P443];

export interface ForeignRules {
  readonly rules: readonly string[];
  readonly is: PortFinding["verdict"];
}

const unhealthy = (...rules: string[]): ForeignRules => ({ rules, is: "unhealthy" });
const healthy = (...rules: string[]): ForeignRules => ({ rules, is: "healthy" });
const unknown = (...rules: string[]): ForeignRules => ({ rules, is: "unknown" });

/** Clients come by eth0. */
export const RULES_BEFORE_HOOK: readonly ForeignRules[] = [
  // the interface is known
  unhealthy("-i eth0 -p tcp -m tcp --dport 80 -j ACCEPT"),
  unhealthy("-i eth+ -j ACCEPT"),
  unhealthy("! -i docker0 -j ACCEPT"),
  unhealthy("-i eth0 -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080"),
  unhealthy("-i eth0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.5:80"),
  unhealthy("-i eth0 -g CHAIN"),
  healthy("-i eth1 -p tcp -m tcp --dport 80 -j ACCEPT"),
  healthy("! -i eth0 -j ACCEPT"),
  healthy("-i eth0 -p udp -j ACCEPT"),
  healthy("-i eth0 -j CHAIN"),
  // matches that hold for every client, or for hardly any
  unhealthy("-m pkttype --pkt-type unicast -j ACCEPT"),
  healthy("-m pkttype --pkt-type broadcast -j ACCEPT"),
  unhealthy("-m mark --mark 0x0 -j ACCEPT"),
  healthy("-m mark ! --mark 0x0 -j ACCEPT"),
  unhealthy("-j MARK --set-xmark 0x5/0xffffffff", "-m mark --mark 0x1/0x3 -j ACCEPT"),
  healthy("-j MARK --set-xmark 0x4/0xffffffff", "-m mark --mark 0x1/0x3 -j ACCEPT"),
  unhealthy("-j MARK --or-mark 0x3", "-j MARK --and-mark 0xfe", "-m mark --mark 0x2 -j ACCEPT"),
  unhealthy("-j MARK --set-mark 0x5/0x1", "-j MARK --xor-mark 0x1", "-m mark --mark 0x4 -j ACCEPT"),
  unknown("-j MARK --unheard 0x5", "-m mark --mark 0x5 -j ACCEPT"),
  // marks of the connection
  healthy("-m connmark --mark 0x1 -j ACCEPT"),
  unhealthy("-j CONNMARK --set-xmark 0x1/0xffffffff", "-m connmark --mark 0x1 -j ACCEPT"),
  unhealthy(
    "-j MARK --set-xmark 0x7/0xffffffff",
    "-j CONNMARK --save-mark --nfmask 0x3 --ctmask 0xffffffff",
    "-m connmark --mark 0x3 -j ACCEPT",
  ),
  unhealthy(
    "-j CONNMARK --set-xmark 0x7/0xffffffff",
    "-j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0x5",
    "-m mark --mark 0x5 -j ACCEPT",
  ),
  unhealthy("-p tcp -m tcp --sport 1024:65535 -j ACCEPT"),
  healthy("-p tcp -m tcp --sport 53 -j ACCEPT"),
  healthy("-p tcp -m multiport --sports 0:1023 -j ACCEPT"),
  unhealthy("-p tcp -m multiport ! --sports 0:1023 -j ACCEPT"),
  unhealthy("-m addrtype --src-type UNICAST -j ACCEPT"),
  healthy("-m addrtype --src-type LOCAL -j ACCEPT"),
  unhealthy("-m addrtype --dst-type LOCAL --limit-iface-in -j ACCEPT"),
  healthy("-m addrtype ! --dst-type LOCAL --limit-iface-in -j ACCEPT"),
  unhealthy("-m conntrack --ctstate NEW --ctdir ORIGINAL -j ACCEPT"),
  unhealthy(`-m conntrack --ctorigdst ${VIP} -j ACCEPT`),
  healthy("-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"),
  // the kernel takes NONE for a list with nothing in it
  healthy("-m conntrack --ctstatus NONE -j ACCEPT"),
  unhealthy("-m conntrack ! --ctstatus NONE -j ACCEPT"),
  healthy("-p icmp -m icmp --icmp-type 8 -j ACCEPT"),
  healthy("-f -j ACCEPT"),
  // options whose one value says it all
  unhealthy("-p tcp -m statistic --mode random --probability 1.00000000000 -j ACCEPT"),
  healthy("-p tcp -m statistic --mode random --probability 0.00000000000 -j ACCEPT"),
  unhealthy("-p tcp -m statistic --mode nth --every 1 --packet 0 -j ACCEPT"),
  unhealthy("-p tcp -m length --length 0:65535 -j ACCEPT"),
  unhealthy("-p tcp -m length --length 40:1500 -j ACCEPT"),
  healthy("-p tcp -m length --length 1500:65535 -j ACCEPT"),
  unhealthy("-p tcp -m length ! --length 1500:65535 -j ACCEPT"),
  // the answers to the first packet
  unhealthy(`-m conntrack --ctreplsrc ${VIP} -j ACCEPT`),
  healthy("-m conntrack --ctreplsrc 10.42.1.2 -j ACCEPT"),
  healthy("-m conntrack --ctrepldst 198.51.100.0/24 -j ACCEPT"),
  unhealthy("-p tcp -m conntrack --ctreplsrcport 80 -j ACCEPT"),
  healthy("-p tcp -m conntrack --ctrepldstport 53 -j ACCEPT"),
  unhealthy("-p tcp -m conntrack ! --ctorigsrcport 53 -j ACCEPT"),
  healthy("-p tcp -j TEE --gateway 192.168.10.1"),
  // a bridge has not chosen its port yet, and whether the client's interface is one is not known
  healthy("-m physdev --physdev-is-bridged -j ACCEPT"),
  unhealthy("-m physdev ! --physdev-is-bridged -j ACCEPT"),
  unknown("-m physdev --physdev-in vnet0 -j ACCEPT"),
  // limits for each source, which the first packet of a client does not reach
  healthy("-p tcp -m connlimit --connlimit-above 50 --connlimit-mask 32 --connlimit-saddr -j ACCEPT"),
  unhealthy("-p tcp -m connlimit --connlimit-upto 50 --connlimit-mask 32 --connlimit-saddr -j ACCEPT"),
  unknown("-p tcp -m connlimit --connlimit-above 2 --connlimit-mask 32 --connlimit-saddr -j ACCEPT"),
  unknown("-p tcp -m connlimit --connlimit-above 50 --connlimit-mask 0 --connlimit-saddr -j ACCEPT"),
  healthy("-m hashlimit --hashlimit-above 200/sec --hashlimit-mode srcip --hashlimit-name a -j ACCEPT"),
  unhealthy("-m hashlimit --hashlimit-upto 200/sec --hashlimit-mode srcip --hashlimit-name b -j ACCEPT"),
  unknown("-m hashlimit --hashlimit-above 200/sec --hashlimit-mode dstip --hashlimit-name c -j ACCEPT"),
  unknown("-m hashlimit --hashlimit-above 2/min --hashlimit-mode srcip --hashlimit-name d -j ACCEPT"),
  unknown(
    "-m hashlimit --hashlimit-above 200/sec --hashlimit-mode srcip --hashlimit-name e --hashlimit-srcmask 8 -j ACCEPT",
  ),
  // one packet is counted so far, or none
  healthy("-p tcp -m connbytes --connbytes 10 --connbytes-mode packets --connbytes-dir both -j ACCEPT"),
  healthy("-p tcp -m connbytes --connbytes 1000000 --connbytes-mode bytes --connbytes-dir both -j ACCEPT"),
  unknown("-p tcp -m connbytes --connbytes 40 --connbytes-mode bytes --connbytes-dir both -j ACCEPT"),
  // options of a connection's first TCP packet
  unhealthy("-p tcp -m tcpmss --mss 536:65535 -j ACCEPT"),
  healthy("-p tcp -m tcpmss ! --mss 536:65535 -j ACCEPT"),
  healthy("-p tcp -m tcpmss --mss 1:500 -j ACCEPT"),
  unknown("-p tcp -m tcpmss --mss 1400:1500 -j ACCEPT"),
  unhealthy("-p tcp -m tcp --tcp-option 2 -j ACCEPT"),
  unknown("-p tcp -m tcp --tcp-option 8 -j ACCEPT"),
  // no connection announced this one
  healthy('-m helper --helper "ftp" -j ACCEPT'),
  unhealthy('-m helper ! --helper "ftp" -j ACCEPT'),
  // matches that nobody can decide from here
  ...[
    "-m ttl --ttl-gt 10",
    "-m length --length 40:60",
    "-m dscp --dscp 0x00",
    '-m bpf --bytecode "1,6 0 0 1"',
    "-m statistic --mode random --probability 0.5",
    "-m time --timestart 08:00:00",
    "-m limit --limit 5/min",
    '-m string --string "x" --algo bm --to 65535',
    "-m set --match-set allow dst",
    "-m unheard --of",
    "-p tcp -m tcp --sport 2000:40000",
  ].flatMap((match) => [
    unknown(`${match} -j ACCEPT`),
    healthy(`${match} -j LOG`),
    healthy(`${match} -j CHAIN`),
  ]),
  // sources
  healthy("-s 198.51.100.0/24 -j ACCEPT"),
  unhealthy("! -s 198.51.100.0/24 -j ACCEPT"),
  unhealthy("-s 198.51.100.0/24 -j RETURN", "-j ACCEPT"),
  unhealthy("-s 0.0.0.0/1 -j ACCEPT", "-s 128.0.0.0/1 -j ACCEPT"),
  healthy("-s 0.0.0.0/2 -j ACCEPT", "-s 64.0.0.0/3 -j ACCEPT"),
  healthy("-m iprange --src-range 198.51.100.1-198.51.100.9 -j ACCEPT"),
  unhealthy("-m iprange ! --src-range 198.51.100.1-198.51.100.9 -j ACCEPT"),
  healthy("-m set --match-set block src -j ACCEPT"),
  unhealthy("-m set ! --match-set allow src -j ACCEPT"),
  healthy("-m set --set block src -j ACCEPT"),
  unhealthy("-m set --match-set allow src -j RETURN", "-j ACCEPT"),
  healthy("-m mac --mac-source 02:00:00:00:00:01 -j ACCEPT"),
  healthy("-m recent --rcheck --name bad --mask 255.255.255.255 --rsource -j ACCEPT"),
  unhealthy("-m recent ! --rcheck --name good --rsource -j ACCEPT"),
  // lists that rules fill with the clients themselves
  unhealthy("-m recent --set --name a --rsource", "-m recent --rcheck --name a --rsource -j ACCEPT"),
  unhealthy("-m recent --remove --name a --rsource", "-m recent ! --rcheck --name a --rsource -j ACCEPT"),
  unknown(
    "-m recent --set --name a --rsource",
    "-m recent --rcheck --hitcount 3 --name a --rsource -j ACCEPT",
  ),
  unknown("-m recent --rcheck --name a --rsource -j ACCEPT", "-m recent ! --set --name a --rsource -j LOG"),
  healthy("-m recent --set --name b --rsource", "-m recent --rcheck --name a --rsource -j ACCEPT"),
  unknown("-p udp -m recent --set --name a --rsource", "-m recent --rcheck --name a --rsource -j ACCEPT"),
  unknown("-m set --match-set seen src -j ACCEPT", "-j SET --add-set seen src"),
  healthy("-m set --match-set bad src -j ACCEPT", "-j SET --add-set seen src"),
  healthy("-s 192.0.0.9/255.0.0.255 -j ACCEPT"),
  // a mask with few bits and holes is for many: here for every second client, and for all the others
  unknown("-s 0.0.0.0/0.0.0.1 -j ACCEPT", "-s 0.0.0.1/0.0.0.1 -j ACCEPT"),
  // what cannot be read
  unknown("-p tcp -j DNAT [unsupported revision]"),
  unknown("-m foo [unsupported revision] -j ACCEPT"),
  unknown("-p tcp -j UNHEARD"),
  healthy("-p udp -j DNAT [unsupported revision]"),
  healthy("-i eth1 -p tcp -j DNAT [unsupported revision]"),
  healthy("-p tcp -m tcp --dport 81 -j DNAT [unsupported revision]"),
];

/** Conditions with which the jump to Rancher's chain is one for nearly every client. */
export const HOOKS: readonly string[] = [
  "! -i docker0 -m addrtype --dst-type LOCAL",
  `-d ${VIP}/32`,
  "-p tcp",
  "-p tcp -m multiport --dports 80,443",
  "-m conntrack --ctstate NEW",
  "-i eth0",
  "-m mark ! --mark 0x1",
  "-m set ! --match-set block src",
  "! -s 10.42.0.0/16",
];

/** Conditions with which it is none. */
export const NO_HOOKS: readonly string[] = [
  "-i docker0",
  "-d 192.168.10.11/32",
  "-p udp",
  "-p tcp -m multiport --dports 443,8080",
  "-m conntrack --ctstate ESTABLISHED",
  "-m mark --mark 0x1",
  "-m addrtype --dst-type BROADCAST",
];
