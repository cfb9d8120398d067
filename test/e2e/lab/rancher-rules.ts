/**
 * The iptables rules that Rancher 1.6's network-manager keeps on a host for the ports published there, as text for
 * `iptables-restore --noflush`: the hooks once, and the rules of the ports replaced as a whole, atomically a table.
 */
export type IptablesBackend = "nft" | "legacy";

export interface PublishedPort {
  readonly port: number;
  readonly protocol: "tcp" | "udp";
}

const MARK = "0x1068/0xffffffff";

/** Chains of the tables and the jumps into them; the chains are empty afterwards. */
export function hookRules(): string {
  return [
    "*raw",
    ":CATTLE_RAW_PREROUTING - [0:0]",
    "-A PREROUTING -m addrtype --dst-type LOCAL -j CATTLE_RAW_PREROUTING",
    "COMMIT",
    "*nat",
    ":CATTLE_PREROUTING - [0:0]",
    ":CATTLE_OUTPUT - [0:0]",
    ":CATTLE_POSTROUTING - [0:0]",
    ":CATTLE_HOSTPORTS_POSTROUTING - [0:0]",
    ":DOCKER - [0:0]",
    "-A PREROUTING -m addrtype --dst-type LOCAL -j CATTLE_PREROUTING",
    "-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER",
    "-A OUTPUT -m addrtype --dst-type LOCAL -j CATTLE_OUTPUT",
    "-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER",
    "-A POSTROUTING -j CATTLE_HOSTPORTS_POSTROUTING",
    "-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE",
    "-A DOCKER -i docker0 -j RETURN",
    "COMMIT",
    "",
  ].join("\n");
}

/** Exactly these ports lead to `target` (same port there); none empties the chains and leaves the hooks. */
export function portRules(target: string, ports: readonly PublishedPort[]): string {
  return [
    "*raw",
    "-F CATTLE_RAW_PREROUTING",
    ...ports.map(
      (port) => `-A CATTLE_RAW_PREROUTING ! -i docker0 ${match(port)} -j MARK --set-xmark ${MARK}`,
    ),
    "COMMIT",
    "*nat",
    "-F CATTLE_PREROUTING",
    "-F CATTLE_OUTPUT",
    "-F CATTLE_HOSTPORTS_POSTROUTING",
    ...ports.flatMap((port) => natRules(target, port)),
    "COMMIT",
    "",
  ].join("\n");
}

/** For ip6tables: port 80 of every address of the host is answered at `target`, and the answer comes from where was asked. */
export function answererRules(target: string): string {
  const to = `-j DNAT --to-destination [${target}]:80`;
  return ["*nat", `-A PREROUTING -p udp --dport 80 -m addrtype --dst-type LOCAL ${to}`, "COMMIT", ""].join(
    "\n",
  );
}

function natRules(target: string, port: PublishedPort): string[] {
  const local = "-m addrtype --dst-type LOCAL";
  const translate = `-j DNAT --to-destination ${target}:${port.port}`;
  return [
    `-A CATTLE_PREROUTING ! -i docker0 ${match(port)} ${translate}`,
    `-A CATTLE_PREROUTING ${match(port)} ${local} ${translate}`,
    `-A CATTLE_OUTPUT ${match(port)} ${local} ${translate}`,
    `-A CATTLE_HOSTPORTS_POSTROUTING -s ${target}/32 -d ${target}/32 ${match(port)} -j MASQUERADE`,
  ];
}

function match({ port, protocol }: PublishedPort): string {
  return `-p ${protocol} -m ${protocol} --dport ${port}`;
}
