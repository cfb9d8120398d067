/**
 * Random conditions of rules, of every kind that other programs write: some hold for the lab's clients, some for none or a part.
 *
 * No `! -i +` and no `! --sport 0:65535`: iptables-legacy saves a rule with them as one for everybody, and the kernel takes it
 * for one for nobody. No save shows that.
 */
import fc from "fast-check";
import { HOST, VIP } from "./kernel-lab.ts";

export type RuleProtocol = "tcp" | "udp" | undefined;

const oneOf = (texts: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...texts);
const isNegated = fc.integer({ min: 0, max: 3 }).map((number) => number === 0);

/** `@ ` is where a `!` may stand. */
function maybeNegated(condition: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(condition, isNegated).map(([text, not]) => text.replace("@ ", not ? "! " : ""));
}

/** Networks of whole eighths of all addresses, or of a few clients: shares of the lab's clients are shares of the addresses. */
const NETWORKS = [
  ...["0.0.0.0/1", "128.0.0.0/1", "0.0.0.0/2", "64.0.0.0/2", "128.0.0.0/2", "192.0.0.0/2"],
  ...Array.from({ length: 8 }, (_, eighth) => `${eighth * 32}.0.0.0/3`),
  ...["198.51.100.0/24", "203.0.113.0/24", "198.51.100.7/32", "192.168.10.0/24", "10.42.0.0/16"],
];
const RANGES = [
  "0.0.0.0-127.255.255.255",
  "32.0.0.0-159.255.255.255",
  "96.0.0.0-255.255.255.255",
  "198.51.100.1-198.51.100.99",
  "203.0.113.10-203.0.113.20",
];

function ofInterface(uplink: string): fc.Arbitrary<string> {
  const names = [uplink, uplink, `${uplink.slice(0, -1)}+`, "docker0", "docker+", "eth1", "lo"];
  return maybeNegated(oneOf(names.map((name) => `@ -i ${name}`)));
}

const ofAddress = maybeNegated(
  fc.oneof(
    { weight: 4, arbitrary: oneOf(NETWORKS.map((network) => `@ -s ${network}`)) },
    { weight: 1, arbitrary: oneOf(RANGES.map((range) => `-m iprange @ --src-range ${range}`)) },
    { weight: 1, arbitrary: oneOf(["192.0.0.9/255.0.0.255", "0.0.0.0/0.0.0.1"].map((net) => `@ -s ${net}`)) },
    {
      weight: 2,
      arbitrary: oneOf([
        ...[VIP, VIP, HOST, "192.168.10.0/24", "10.42.0.0/16"].map((address) => `@ -d ${address}`),
        "-m iprange @ --dst-range 192.168.10.90-192.168.10.110",
        "-m iprange @ --dst-range 192.168.10.1-192.168.10.50",
        `-m conntrack @ --ctorigdst ${VIP}`,
        "-m conntrack @ --ctorigsrc 198.51.100.0/24",
        "-m conntrack @ --ctorigsrc 0.0.0.0/1",
        `-m conntrack @ --ctreplsrc ${VIP}`,
        "-m conntrack @ --ctrepldst 128.0.0.0/1",
      ]),
    },
  ),
);

/** Conditions that hold for every client, or for none. */
const ofPacket = maybeNegated(
  oneOf([
    ...["unicast", "broadcast", "multicast"].map((type) => `-m pkttype @ --pkt-type ${type}`),
    ...["0x0", "0x1", "0x1/0x1", "0x4/0x6", "0x0/0x3"].map((mark) => `-m mark @ --mark ${mark}`),
    ...["0x0", "0x1", "0x2/0x3"].map((mark) => `-m connmark @ --mark ${mark}`),
    ...["LOCAL", "UNICAST", "BROADCAST", "LOCAL,UNICAST"].map((type) => `-m addrtype @ --dst-type ${type}`),
    ...["LOCAL", "UNICAST", "UNICAST,LOCAL", "ANYCAST"].map((type) => `-m addrtype @ --src-type ${type}`),
    "-m addrtype @ --dst-type LOCAL --limit-iface-in",
    "-m addrtype --src-type UNICAST @ --dst-type LOCAL",
    ...["NEW", "INVALID", "RELATED,ESTABLISHED", "NEW,RELATED", "DNAT", "SNAT", "UNTRACKED"].map(
      (state) => `-m conntrack @ --ctstate ${state}`,
    ),
    ...["NONE", "CONFIRMED", "ASSURED", "SEEN_REPLY,NONE"].map(
      (status) => `-m conntrack @ --ctstatus ${status}`,
    ),
    ...["ORIGINAL", "REPLY"].map((direction) => `-m conntrack --ctdir ${direction}`),
    "-m conntrack @ --ctproto 6",
    "-m statistic --mode random @ --probability 1",
    "-m statistic --mode nth @ --every 1 --packet 0",
    ...["0:65535", "40:1500", "1500:65535"].map((length) => `-m length @ --length ${length}`),
    ...["NEW", "ESTABLISHED"].map((state) => `-m state @ --state ${state}`),
    "-m policy --dir in --pol none",
    "-m policy --dir in --pol ipsec",
    "@ -f",
    '-m comment --comment "a -j \\"b\\" c"',
    "-m mac @ --mac-source 02:00:00:00:00:01",
  ]),
);

/** Lists of clients that came before. */
const ofList = maybeNegated(
  fc
    .tuple(oneOf(["--set", "--rcheck", "--update --seconds 60", "--remove"]), oneOf(["a", "b"]))
    .map(([act, name]) => `-m recent @ ${act} --name ${name}`),
);

/** What nobody can say beforehand. */
const ofDoubt = oneOf([
  "-m limit --limit 5/min",
  "-m statistic --mode random --probability 0.5",
  "-m statistic --mode nth --every 2 --packet 0",
  "-m ttl --ttl-gt 10",
  "-m ttl --ttl-eq 1",
  "-m length --length 20:60",
  "-m length ! --length 0:1500",
  "-m dscp --dscp 0x00",
  "-m time --timestart 00:00:00 --timestop 12:00:00",
  '-m string --string "x" --algo bm',
  "-m hashlimit --hashlimit-upto 5/min --hashlimit-name h --hashlimit-mode srcip",
  "-m hashlimit --hashlimit-above 900/sec --hashlimit-name i --hashlimit-mode srcip",
  "-m hashlimit --hashlimit-upto 900/sec --hashlimit-burst 900 --hashlimit-name j --hashlimit-mode srcip",
  "-m connlimit --connlimit-above 3",
  "-m connlimit --connlimit-above 900",
  "-m connbytes --connbytes 2 --connbytes-mode packets --connbytes-dir both",
  "-m helper --helper ftp",
  '-m u32 --u32 "6&0xFF=6"',
  "-m socket",
  "-m devgroup --src-group 0x0",
]);

const PORT_LISTS = ["80", "443", "53", "80:90", "1:1023", "1024:65535"];
const PORT_SETS = ["80,443", "53,443", "22,8000:8010", "1:79,81:65535", "80,443,53"];

const ofPorts = (protocol: "tcp" | "udp") =>
  maybeNegated(
    fc.oneof(
      oneOf(PORT_LISTS.map((ports) => `-m ${protocol} @ --dport ${ports}`)),
      oneOf(PORT_SETS.map((ports) => `-m multiport @ --dports ${ports}`)),
      oneOf(["80,443", "53"].map((ports) => `-m multiport @ --ports ${ports}`)),
      oneOf(["53", "0:1023", "1024:65535", "1:65534", "2000:40000"]).map(
        (ports) => `-m ${protocol} @ --sport ${ports}`,
      ),
      oneOf(["53,123", "0:1023", "1024:65535"]).map((ports) => `-m multiport @ --sports ${ports}`),
    ),
  );

const ofFlags = maybeNegated(
  oneOf([
    "-m tcp @ --syn",
    "-m tcp @ --tcp-option 2",
    ...["536:65535", "1:500", "1400:1500"].map((sizes) => `-m tcpmss @ --mss ${sizes}`),
    "-m tcp @ --tcp-flags SYN,ACK SYN",
    "-m tcp @ --tcp-flags ALL SYN",
    "-m tcp @ --tcp-flags SYN,RST ACK",
    "-m tcp @ --tcp-flags ACK,FIN NONE",
    "-m tcp @ --tcp-flags FIN,PSH,URG FIN,PSH,URG",
  ]),
);

/** A condition that holds for all packets of a connection from the client, or for none. */
export function lastingConditions(uplink: string, protocol: RuleProtocol): fc.Arbitrary<string> {
  const ports = ["80", "443", "53", "80:90"].map((port) => `-m ${protocol} --dport ${port}`);
  return fc.oneof(
    oneOf([`-i ${uplink}`, "-i docker9", `-i ${uplink} -d ${VIP}`]),
    oneOf(NETWORKS.map((network) => `-i ${uplink} -s ${network}`)),
    ...(protocol === undefined ? [] : [oneOf(ports.map((match) => `-i ${uplink} ${match}`))]),
  );
}

/** Up to two conditions for packets of the protocol. */
export function conditions(uplink: string, protocol: RuleProtocol, most = 2): fc.Arbitrary<string> {
  const one = fc.oneof(
    { weight: 4, arbitrary: ofInterface(uplink) },
    { weight: 6, arbitrary: ofAddress },
    { weight: 6, arbitrary: ofPacket },
    { weight: 1, arbitrary: ofList },
    { weight: 1, arbitrary: ofDoubt },
    ...(protocol === undefined ? [] : [{ weight: 6, arbitrary: ofPorts(protocol) }]),
    ...(protocol === "tcp" ? [{ weight: 2, arbitrary: ofFlags }] : []),
  );
  const chosen = fc.uniqueArray(one, { maxLength: most, selector: optionOf });
  return chosen.map((texts) => texts.join(" "));
}

/** A rule may have each option without a match once. */
function optionOf(condition: string): string {
  return condition
    .replace("! ", "")
    .split(" ")
    .slice(0, condition.startsWith("-m") ? 2 : 1)
    .join(" ");
}
