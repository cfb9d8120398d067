/** Rules in raw and mangle in front of the nat table: each kind with what the kernel does. */
import type { PortFinding } from "../../src/ports/published-port.ts";
import { saveOf } from "../fixtures/nat-saves.ts";
import { beforeHook } from "./foreign-rules.ts";

export interface EarlierRules {
  /** Without `-A PREROUTING`; a line that begins with `:` or `-A` is whole. */
  readonly raw?: readonly string[];
  readonly mangle?: readonly string[];
  /** In front of Rancher's hook. */
  readonly nat?: readonly string[];
  readonly is: PortFinding["verdict"];
}

const MARK_1 = "-j MARK --set-xmark 0x1/0xffffffff";
const TAKES_1 = "-m mark --mark 0x1 -j ACCEPT";
const TAKES_UNMARKED = "-m mark --mark 0x0 -j ACCEPT";
const HTTP = "-p tcp -m tcp --dport 80";
const NOTRACK = "-j CT --notrack";

/** Clients come by eth0. */
export const EARLIER_RULES: readonly EarlierRules[] = [
  // Rancher's own mark of raw, and a rule that asks for it, or for none
  { raw: [`${HTTP} -j MARK --set-xmark 0x1068/0xffffffff`], is: "healthy" },
  {
    raw: [`${HTTP} -j MARK --set-xmark 0x1068/0xffffffff`],
    nat: ["-m mark ! --mark 0x0 -j ACCEPT"],
    is: "unhealthy",
  },
  { raw: [`${HTTP} -j MARK --set-xmark 0x1068/0xffffffff`], nat: [TAKES_UNMARKED], is: "healthy" },
  {
    raw: ["-p tcp -m tcp --dport 81 -j MARK --set-xmark 0x1068/0xffffffff"],
    nat: [TAKES_UNMARKED],
    is: "unhealthy",
  },
  // marks of mangle, as an old firewalld sets them
  {
    mangle: [`-i eth0 ${HTTP} -j MARK --set-xmark 0x64/0xffffffff`],
    nat: ["-m mark --mark 0x64 -j ACCEPT"],
    is: "unhealthy",
  },
  {
    mangle: [`-i eth1 ${HTTP} -j MARK --set-xmark 0x64/0xffffffff`],
    nat: ["-m mark --mark 0x64 -j ACCEPT"],
    is: "healthy",
  },
  { raw: [MARK_1], mangle: ["-j MARK --set-xmark 0x0/0x1"], nat: [TAKES_1], is: "healthy" },
  {
    raw: [MARK_1],
    mangle: ["-m mark --mark 0x1 -j MARK --or-mark 0x2"],
    nat: ["-m mark --mark 0x3 -j ACCEPT"],
    is: "unhealthy",
  },
  {
    raw: [`-j CHAIN`, `-A CHAIN ${MARK_1}`, "-A CHAIN -j ACCEPT", "-j MARK --set-xmark 0x2/0xffffffff"],
    nat: [TAKES_1],
    is: "unhealthy",
  },
  {
    mangle: ["-j CONNMARK --set-xmark 0x1/0xffffffff"],
    nat: ["-m connmark --mark 0x1 -j ACCEPT"],
    is: "unhealthy",
  },
  {
    mangle: [
      MARK_1,
      "-j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff",
      "-j MARK --set-xmark 0x0/0xffffffff",
    ],
    nat: ["-j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff", TAKES_1],
    is: "unhealthy",
  },
  // for some clients, or for nobody knows whom
  { mangle: [`-s 198.51.100.0/24 ${MARK_1}`], nat: [TAKES_1], is: "healthy" },
  { mangle: [`! -s 198.51.100.0/24 ${MARK_1}`], nat: [TAKES_1], is: "unhealthy" },
  { mangle: [`-m limit --limit 5/min ${MARK_1}`], nat: [TAKES_1], is: "unknown" },
  { mangle: [`-m limit --limit 5/min ${MARK_1}`], is: "healthy" },
  // before connection tracking a packet has no connection, and counts as invalid
  { raw: [`-m conntrack --ctstate NEW ${MARK_1}`], nat: [TAKES_1], is: "healthy" },
  { raw: [`-m conntrack --ctstate INVALID ${MARK_1}`], nat: [TAKES_1], is: "unhealthy" },
  { raw: [`-m state ! --state NEW ${MARK_1}`], nat: [TAKES_1], is: "unhealthy" },
  { raw: [`-m conntrack ! --ctstatus NONE ${MARK_1}`], nat: [TAKES_1], is: "healthy" },
  { raw: [`-m connmark ! --mark 0x1 ${MARK_1}`], nat: [TAKES_1], is: "healthy" },
  {
    raw: ["-j CONNMARK --set-xmark 0x1/0xffffffff"],
    nat: ["-m connmark --mark 0x1 -j ACCEPT"],
    is: "healthy",
  },
  { mangle: [`-m conntrack --ctstate NEW ${MARK_1}`], nat: [TAKES_1], is: "unhealthy" },
  // what is dropped there
  { raw: [`${HTTP} -j DROP`], is: "unhealthy" },
  { mangle: [`-i eth0 ${HTTP} -j DROP`], is: "unhealthy" },
  { raw: ["-p tcp -m tcp --dport 81 -j DROP"], is: "healthy" },
  { raw: ["-d 172.17.0.2/32 ! -i docker0 -j DROP"], is: "healthy" },
  { mangle: [`${HTTP} -j ACCEPT`, "-i eth0 -j DROP"], is: "healthy" },
  { raw: [":PREROUTING DROP [0:0]"], is: "unhealthy" },
  { raw: [":PREROUTING DROP [0:0]", `-i eth0 ${HTTP} -j ACCEPT`, "-i docker0 -j ACCEPT"], is: "healthy" },
  // a firewall says who may come at all
  { mangle: ["! -s 198.51.100.0/24 -i eth0 -p tcp -j DROP"], is: "healthy" },
  {
    mangle: ["-s 128.0.0.0/1 -i eth0 -p tcp -j DROP", "-s 0.0.0.0/1 -i eth0 -p tcp -j DROP"],
    is: "unhealthy",
  },
  {
    mangle: ["-s 128.0.0.0/1 -p tcp -j DROP"],
    nat: ["-s 0.0.0.0/2 -p tcp -j ACCEPT", "-s 64.0.0.0/3 -p tcp -j ACCEPT"],
    is: "unhealthy",
  },
  { mangle: ["-s 128.0.0.0/1 -p tcp -j DROP"], nat: ["-s 128.0.0.0/1 -p tcp -j ACCEPT"], is: "healthy" },
  { raw: ["-m set ! --match-set allow src -j DROP"], is: "healthy" },
  { raw: ["-m set ! --match-set allow src -j DROP"], nat: ["-j ACCEPT"], is: "unhealthy" },
  { raw: [":PREROUTING DROP [0:0]", "-m set --match-set allow src -j ACCEPT"], is: "healthy" },
  { raw: ["-m set --match-set block src -j DROP"], is: "healthy" },
  { raw: ["-m limit --limit 500/sec --limit-burst 500 -j ACCEPT", "-i eth0 -j DROP"], is: "healthy" },
  // the answer takes the way by which the client came
  { raw: ["-m rpfilter --validmark --invert -j DROP"], is: "healthy" },
  { raw: ["-i eth0 -m rpfilter -j DROP"], is: "unhealthy" },
  // a drop that nobody can read, and those that are known to be for a few packets
  { raw: ["-m unheard --of -j DROP"], is: "unknown" },
  { raw: ["-p udp -m unheard --of -j DROP"], is: "healthy" },
  { raw: ["-s 198.51.100.0/24 -m unheard --of -j DROP"], is: "healthy" },
  { raw: ["-m unheard --of -j CHAIN", "-A CHAIN -i eth0 -j DROP"], is: "unknown" },
  { raw: ["-m unheard --of -j CHAIN", "-A CHAIN -i eth0 -j LOG"], is: "healthy" },
  { mangle: [`-m unheard --of ${MARK_1}`, "-i eth0 -m mark --mark 0x1 -j DROP"], is: "unknown" },
  { mangle: [`-m unheard --of ${MARK_1}`, "-i eth0 -j DROP"], is: "unhealthy" },
  { raw: ["-m unheard --of -j DROP", "-i eth0 -j DROP"], is: "unhealthy" },
  { mangle: ["-m unheard --of -j DROP"], nat: ["-i eth0 -j ACCEPT"], is: "unhealthy" },
  { mangle: ["-p tcp -j UNHEARD"], nat: ["-i eth0 -j ACCEPT"], is: "unhealthy" },
  { mangle: ["-p tcp -j UNHEARD", "-i eth0 -j DROP"], is: "unknown" },
  { raw: ["-m geoip ! --source-country DE -j DROP"], is: "healthy" },
  // programs, of which the first drops every TCP packet and the second none
  { mangle: ['-p tcp -m u32 --u32 "6&0xFF=6" -j DROP'], is: "unknown" },
  { mangle: ['-p tcp -m u32 --u32 "6&0xFF=17" -j DROP'], is: "unknown" },
  { raw: ['-i eth0 -m bpf --bytecode "1,6 0 0 1" -j DROP'], is: "unknown" },
  { raw: ['-p udp -m bpf --bytecode "1,6 0 0 1" -j DROP'], is: "healthy" },
  // a list that a rule fills on the way
  {
    mangle: ["-m recent --set --name a --rsource", "-m recent --rcheck --name a --rsource -j DROP"],
    is: "unhealthy",
  },
  {
    mangle: [
      `${HTTP} -m recent --set --name a --rsource`,
      `${HTTP} -m recent --update --seconds 60 --hitcount 1 --name a --rsource -j DROP`,
    ],
    is: "unhealthy",
  },
  {
    mangle: [
      `${HTTP} -m recent --set --name a --rsource`,
      `${HTTP} -m recent --update --seconds 60 --hitcount 10 --name a --rsource -j DROP`,
    ],
    is: "healthy",
  },
  {
    mangle: [
      "-m recent --set --name a --rsource",
      "-m recent --set --name a --rsource -j LOG",
      "-m recent --rcheck --hitcount 2 --name a --rsource -j DROP",
    ],
    is: "unhealthy",
  },
  {
    mangle: [
      "-m recent --set --name a --rsource",
      "-m recent --remove --name a --rsource",
      "-m recent --rcheck --name a --rsource -j DROP",
    ],
    is: "healthy",
  },
  {
    mangle: ["-m recent --remove --name a --rsource", "-m recent ! --rcheck --name a --rsource -j DROP"],
    is: "unhealthy",
  },
  {
    mangle: ["-p tcp -m tcp --dport 81 -m recent --set --name a", "-m recent --rcheck --name a -j DROP"],
    is: "healthy",
  },
  // the match changes the list where a later one fails
  {
    mangle: [
      "-p tcp -m recent --set --name a -m tcp --dport 81",
      "-p tcp -m recent --rcheck --name a -j DROP",
    ],
    is: "unhealthy",
  },
  {
    mangle: [
      "-p tcp -m tcp --dport 81 -m recent --set --name a",
      "-p tcp -m recent ! --set --name a -j LOG",
      "-p tcp -m recent --rcheck --name a -j DROP",
    ],
    is: "unhealthy",
  },
  {
    mangle: ["-i eth0 -m recent --set --name a --rdest", "-m recent --rcheck --name a --rsource -j DROP"],
    is: "healthy",
  },
  {
    mangle: ["-m recent --set --name a --rdest", "-m recent --rcheck --name a --rdest -j DROP"],
    is: "unhealthy",
  },
  { mangle: ["-m recent --set --name a", "-m recent --rcheck --name b -j DROP"], is: "healthy" },
  {
    mangle: [
      "-m recent --set --name a --mask 255.255.255.0 --rsource",
      "-m recent --rcheck --name a --mask 255.255.255.255 --rsource -j DROP",
    ],
    is: "unhealthy",
  },
  { mangle: ["-m recent --set --name a -m recent --rcheck --name a -j DROP"], is: "unhealthy" },
  {
    raw: ["-m recent --set --name a"],
    mangle: ["-m recent --rcheck --name a --rttl --seconds 1 -j DROP"],
    is: "unhealthy",
  },
  {
    raw: ["-m recent --set --name a -j CHAIN"],
    nat: ["-m recent --rcheck --name a -j ACCEPT"],
    is: "unhealthy",
  },
  {
    mangle: ["-j CHAIN", "-A CHAIN -m recent --set --name a", "-m recent --rcheck --name a -j DROP"],
    is: "unhealthy",
  },
  {
    mangle: [
      "-s 0.0.0.0/2 -m recent --set --name a",
      "-m recent --rcheck --name a -j DROP",
      "-s 128.0.0.0/1 -m recent --set --name b",
      "-s 64.0.0.0/2 -m recent --set --name b",
      "-m recent --rcheck --name b -j DROP",
    ],
    is: "unhealthy",
  },
  {
    mangle: [
      "-m limit --limit 5/min -m recent --remove --name a",
      "-m recent --set --name a",
      "-m recent --rcheck --name a -j DROP",
    ],
    is: "unhealthy",
  },
  // a list that a rule fills in doubt: on a quiet site it has every client
  {
    mangle: ["-m limit --limit 5/min -m recent --set --name a", "-m recent --rcheck --name a -j DROP"],
    is: "unknown",
  },
  {
    mangle: [
      "-m limit --limit 5/min -j CHAIN",
      "-A CHAIN -m recent --set --name a",
      "-m recent --update --seconds 60 --name a -j DROP",
    ],
    is: "unknown",
  },
  {
    mangle: [
      "-m limit --limit 5/min -m recent --set --name a",
      "-m recent --rcheck --hitcount 10 --name a -j DROP",
    ],
    is: "healthy",
  },
  {
    mangle: [
      "-m recent --remove --name a",
      "-m limit --limit 5/min -m recent --set --name a",
      "-i eth0 -m recent ! --rcheck --name a -j DROP",
    ],
    is: "unknown",
  },
  {
    mangle: [
      "-m limit --limit 5/min -m recent --set --name a",
      "-m recent --remove --name a",
      "-m recent --rcheck --name a -j DROP",
    ],
    is: "healthy",
  },
  // a list that every client is in, unless a rule in doubt took it out
  {
    mangle: [
      "-m recent --set --name a",
      "-m limit --limit 5/min -m recent --remove --name a",
      "-m recent --rcheck --name a -j DROP",
    ],
    is: "unknown",
  },
  {
    mangle: [
      "-m recent --set --name a",
      "-s 192.0.0.9/255.0.0.255 -m recent --remove --name a",
      "-m recent --rcheck --name a -j DROP",
    ],
    is: "unknown",
  },
  { mangle: ["-j SET --add-set seen src", "-m set --match-set seen src -j DROP"], is: "unknown" },
  {
    mangle: ["-m limit --limit 5/min -j SET --add-set seen src", "-m set --match-set seen src -j DROP"],
    is: "unknown",
  },
  { mangle: ["-p udp -j SET --add-set seen src", "-m set --match-set seen src -j DROP"], is: "healthy" },
  // what is surely dropped, unless an undecided rule lets it through
  { raw: ["-m limit --limit 1/hour -j ACCEPT", "-i eth0 -j DROP"], is: "unknown" },
  { raw: [":PREROUTING DROP [0:0]", "-m set --match-set okports dst -j ACCEPT"], is: "unknown" },
  {
    raw: [":PREROUTING DROP [0:0]", "-i docker0 -j ACCEPT", `${HTTP} -m ttl --ttl-gt 5 -j ACCEPT`],
    is: "unknown",
  },
  { mangle: [`${HTTP} -m string --string GET --algo bm -j ACCEPT`, "-i eth0 -j DROP"], is: "unknown" },
  {
    mangle: ["-j CHAIN", "-A CHAIN -m dscp --dscp 0x08 -j RETURN", "-A CHAIN -i eth0 -j DROP"],
    is: "unknown",
  },
  { mangle: [`-m ttl --ttl-gt 5 ${MARK_1}`, "-i eth0 -m mark --mark 0x0 -j DROP"], is: "unknown" },
  { raw: ["-s 128.0.0.0/1 -m ttl --ttl-gt 5 -j ACCEPT", "-i eth0 -j DROP"], is: "unknown" },
  { raw: ["-s 198.51.100.0/24 -m ttl --ttl-gt 5 -j RETURN", "-s 198.51.100.0/24 -j DROP"], is: "healthy" },
  { mangle: ["-m ttl --ttl-gt 200 -j DROP", "-s 128.0.0.0/1 -j DROP"], is: "healthy" },
  { mangle: ["-m ttl --ttl-gt 5 -j DROP", "-i eth0 -j DROP"], is: "unhealthy" },
  // a rate limit for what is dropped, in each way in which it is written
  { mangle: ["-m ttl --ttl-gt 200 -j CHAIN", "-A CHAIN -i eth0 -j DROP"], is: "healthy" },
  {
    mangle: [
      "-j CHAIN",
      "-A CHAIN -m limit --limit 500/sec --limit-burst 500 -j RETURN",
      "-A CHAIN -i eth0 -j DROP",
    ],
    is: "healthy",
  },
  {
    mangle: [`-m limit --limit 500/sec --limit-burst 500 -j CHAIN`, "-i eth0 -j DROP", `-A CHAIN -j ACCEPT`],
    is: "healthy",
  },
  { mangle: [`-m ttl --ttl-gt 200 ${MARK_1}`, "-i eth0 -m mark --mark 0x1 -j DROP"], is: "healthy" },
  // what comes without connection tracking meets no nat table
  { raw: [`${HTTP} ${NOTRACK}`], is: "unhealthy" },
  { raw: [`${HTTP} -j NOTRACK`], is: "unhealthy" },
  { raw: [`-p tcp -m tcp --sport 81 ${NOTRACK}`], is: "healthy" },
  { raw: [`-p udp ${NOTRACK}`], is: "healthy" },
  { raw: ["-p tcp -m tcp --dport 21 -j CT --helper ftp"], is: "healthy" },
  { raw: [`-s 198.51.100.0/24 ${NOTRACK}`], is: "healthy" },
  { raw: [`-m unheard --of ${NOTRACK}`], is: "unknown" },
  { raw: [`${HTTP} ${NOTRACK}`], mangle: ["-p tcp -j CONNMARK --save-mark"], is: "unhealthy" },
  { raw: [`${HTTP} ${NOTRACK}`], mangle: ["-j CONNMARK --restore-mark"], is: "unhealthy" },
  { raw: ["-m set --match-set allow src -j RETURN", `-i eth0 ${NOTRACK}`], is: "unhealthy" },
  { mangle: ["-m set --match-set allow src -j ACCEPT", "-p tcp -j TPROXY --on-port 8080"], is: "unhealthy" },
  // without connection tracking a packet is UNTRACKED in mangle, and has no connection
  {
    raw: [`-s 0.0.0.0/1 ${HTTP} ${NOTRACK}`, `-s 128.0.0.0/2 ${HTTP} ${NOTRACK}`],
    mangle: [
      "-s 0.0.0.0/1 -m conntrack --ctstate NEW -j DROP",
      "-s 128.0.0.0/2 -m conntrack --ctstate NEW -j DROP",
    ],
    is: "unhealthy",
  },
  {
    raw: [`-s 0.0.0.0/1 ${HTTP} ${NOTRACK}`],
    mangle: ["-i eth0 -m conntrack --ctstate UNTRACKED -j DROP"],
    is: "healthy",
  },
  {
    raw: [`-s 0.0.0.0/1 ${HTTP} ${NOTRACK}`, `-s 128.0.0.0/2 ${HTTP} ${NOTRACK}`],
    mangle: ["-i eth0 -m conntrack --ctstate INVALID -j DROP"],
    is: "unhealthy",
  },
  {
    raw: [`${HTTP} ${NOTRACK}`, "-m conntrack --ctstate UNTRACKED -i eth0 -j ACCEPT", "-i eth0 -j DROP"],
    is: "unhealthy",
  },
  {
    raw: [
      `-s 0.0.0.0/1 ${HTTP} ${MARK_1}`,
      `-s 128.0.0.0/2 ${HTTP} ${MARK_1}`,
      `-m mark --mark 0x1 ${NOTRACK}`,
    ],
    mangle: [
      `${HTTP} -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff`,
      "-s 0.0.0.0/1 -i eth0 -m mark --mark 0x0 -j DROP",
      "-s 128.0.0.0/2 -i eth0 -m mark --mark 0x0 -j DROP",
    ],
    is: "unhealthy",
  },
  // a chain named like Rancher's is any chain there
  { raw: ["-j CATTLE_PREROUTING", `-A CATTLE_PREROUTING -p tcp ${MARK_1}`], is: "healthy" },
  { raw: ["-j CATTLE_PREROUTING", `-A CATTLE_PREROUTING -p tcp ${MARK_1}`], nat: [TAKES_1], is: "unhealthy" },
  // it may be dropped all the same
  { raw: [`${HTTP} ${NOTRACK}`, "-s 128.0.0.0/1 -i eth0 -j DROP"], is: "unhealthy" },
  { raw: [`-s 128.0.0.0/1 ${HTTP} ${NOTRACK}`, "-s 128.0.0.0/1 -i eth0 -j DROP"], is: "healthy" },
  { mangle: [`${HTTP} -j TPROXY --on-port 8080 --on-ip 0.0.0.0 --tproxy-mark 0x0/0x0`], is: "unhealthy" },
  // a socket of a connection that a proxy took before is no new client's
  { mangle: [`-p tcp -m socket --transparent ${MARK_1}`], nat: [TAKES_1], is: "healthy" },
  { mangle: [`-p tcp -m socket --nowildcard --transparent ${MARK_1}`], nat: [TAKES_1], is: "unknown" },
  // what cannot be read
  { mangle: ["-p tcp -j UNHEARD"], is: "unknown" },
  { raw: ["-p tcp -j CT [unsupported revision]"], is: "unknown" },
  { raw: ["-p udp -j CT [unsupported revision]"], is: "healthy" },
];

/** The save of all three tables. */
export function saveOfAll({ raw = [], mangle = [], nat = [] }: EarlierRules): string {
  const wholeOf = (line: string) => (line.startsWith("-A ") ? line : `-A PREROUTING ${line}`);
  const section = (name: string, lines: readonly string[]) => {
    const policy = lines.find((line) => line.startsWith(":")) ?? ":PREROUTING ACCEPT [0:0]";
    const rules = lines.filter((line) => !line.startsWith(":")).map(wholeOf);
    const chains = ["CHAIN", "CATTLE_PREROUTING"].map((chain) => `:${chain} - [0:0]`);
    return [`*${name}`, policy, ...chains, ...rules, "COMMIT", ""].join("\n");
  };
  return `${section("raw", raw)}${section("mangle", mangle)}${saveOf(beforeHook(...nat), ["CHAIN"])}`;
}
