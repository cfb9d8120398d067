/**
 * Every failure that an operator may meet, under a code that never changes. The message of an error says what happened,
 * its `cause` is the original error, and its `hint` is the operator's next step.
 */

/** The usual hint for each code. The table in docs/operate/errors.md is tested against it. */
export const ERRORS = {
  USAGE: "Run `rancher-keepalived --help` for the commands and their options.",
  SETTINGS_INVALID: "Correct each named value at the place that is named with it.",
  SECRET_UNUSABLE:
    "Put a password of 1-8 bytes into the file that AUTH_PASS_FILE names. Until then the earlier password stays in use.",
  SETTING_REFUSED:
    "Correct the named label or service metadata. Until then the earlier configuration stays in force.",
  VIP_MISSING: "Set VIRTUAL_IP, or `keepalived.virtual_ip` in the service's metadata.",
  VIP_CONFLICT: "Choose a virtual IP that no host uses as its own address.",
  GROUP_CONFLICT: "Give each group its own virtual IPs and VRID, at one of the two named places.",
  GROUP_REFUSED: "Correct each named group. The other groups are not affected.",
  VRID_UNKNOWN: "Set VRID to a number from 1 to 255 that no other VRRP group in this network uses.",
  VALUE_UNWRITABLE:
    "Choose another name, because keepalived.conf cannot express this one (an interface: `ip link set OLD name NEW`).",
  NETWORK_UNREADABLE:
    "Run `ip address` in the agent's container. If it fails, install iproute2. If it is slow, check the load of the host (`uptime`).",
  INTERFACE_UNKNOWN: "Set INTERFACE to a network interface of this host (`ip -br address` lists them).",
  SOURCE_UNKNOWN: "Set the host label `keepalived.address`, or UNICAST_SRC_IP, to an address of this host.",
  PEER_ADDRESS_UNUSABLE:
    "Set the host label `keepalived.address` on the named host to an address of the VIP's family.",
  HOST_UNKNOWN:
    "Set the label `keepalived.address` on this host in Rancher to an address of this machine. Or set HOST_UUID: one per host, never in a service's environment.",
  HOST_AMBIGUOUS:
    "Set the label `keepalived.address` on each named host in Rancher to that machine's own address. Or set HOST_UUID: one per host, never in a service's environment.",
  SERVICE_UNKNOWN: "Set STACK_NAME and SERVICE_NAME to the names that Rancher shows for this service.",
  METADATA_UNREACHABLE:
    "Run `curl METADATA_URL/latest/version` on this host (the default is http://169.254.169.250). If it fails, check the route, and that Rancher's metadata service runs here.",
  METADATA_NOT_FOUND:
    "If metadata has just started, wait: it may still be loading. Otherwise check STACK_NAME and SERVICE_NAME.",
  METADATA_MALFORMED:
    "Read the answer with `curl METADATA_URL/latest/self/host`. METADATA_URL may point to something other than Rancher's metadata service.",
  METADATA_UNSTABLE: "Nothing to do: metadata changed during the read, and the agent reads it again.",
  TEMPLATE_BROKEN:
    "Correct the template; `rancher-keepalived render` tests it. Until then the last good keepalived.conf stays in force.",
  CONF_UNEXPECTED:
    "Put the named part back into the template, as it is in the one that ships with the agent; `rancher-keepalived render` tests it.",
  CONF_REJECTED:
    "Correct what keepalived's messages name. The rejected file is kept as STATE_DIR/rejected.conf; `keepalived -t -f` tests it.",
  CONF_UNWRITABLE:
    "Make STATE_DIR and the directory of KEEPALIVED_CONF writable, and check that the disk is not full (`df -h`).",
  KEEPALIVED_UNAVAILABLE:
    "Run `keepalived --version` and `setpriv --version` in the agent's container. If one fails, install it. If both work, check the load of the host (`uptime`).",
  KEEPALIVED_EXITED:
    "Read keepalived's last log lines (`docker logs --tail 50 CONTAINER`). The agent restarts keepalived by itself.",
  RELOAD_UNCONFIRMED:
    "Read keepalived's last log lines (`docker logs --tail 50 CONTAINER`). A slow disk or a busy host may be the cause. The agent reloads keepalived again by itself.",
  KEEPALIVED_SILENT:
    "Check the load of the host (`uptime`) and keepalived's last log lines. The agent asks again by itself.",
  KEEPALIVED_HUNG:
    "Nothing to do: the agent kills keepalived and restarts it. If this happens again, check the load of the host (`uptime`).",
  LEASE_NOT_RENEWED:
    "Restart the agent's container (`docker restart CONTAINER`). Until then a VIP stays on this host if the whole container is killed.",
  ADDRESS_STUCK:
    "Remove the address by hand: `ip address del ADDRESS dev INTERFACE`. If that works, give the agent NET_ADMIN, which it needs for this.",
  ADVERTS_UNSENT:
    "Remove what the message names. Until then the group stays away from this host, unless no other host has the VIPs.",
  VIP_REFUSED:
    "Correct what the message names (IPv6, the MTU, the program that removes the address). The agent tries again by itself.",
  NO_OWNER_HEARD:
    "Find the machine that sends the adverts (`tcpdump -eni INTERFACE proto 112` shows its MAC address). The agent ends keepalived's wait by itself.",
  GATE_BROKEN:
    "Run `nft list ruleset` in the agent's container and fix what it reports. The agent tries again by itself.",
  HEALTH_UNKNOWN:
    "Run `rancher-keepalived check --port PORT` on this host, with each port that it checks, and fix what it reports. Until then the last verdict counts, and a check without one counts as healthy.",
  DRAIN_REFUSED:
    "Check the other hosts (`rancher-keepalived status --all`). To drain this host anyway, add --force.",
  DRAIN_PENDING:
    "Read `rancher-keepalived status` and keepalived's last log lines on this host. The drain stays in force; `undrain` ends it.",
  DRAIN_UNSERVED:
    "Run `rancher-keepalived undrain` to take the VIPs back, or read in `rancher-keepalived status --all` why no other host owns them.",
  STATE_UNREADABLE:
    "Nothing to do: the agent works without the named file. If the problem stays, remove the file.",
  STATE_DIR_LOST:
    "Find what removes STATE_DIR, and stop it. The agent creates the directory again by itself.",
  STATE_DIR_TAKEN:
    "Give each agent its own STATE_DIR. Two hosts must not share one, for example by a volume that both mount.",
  LISTEN_FAILED:
    "Choose an address of this host and a free port (`ss -ltnp` shows which process uses a port).",
  ANSWERS_INVALID: "Correct the answers file. Until then the last good answers are served.",
  CAPABILITY_MISSING:
    "Give the container the named capability (`cap_add`). The agent needs NET_ADMIN and NET_RAW.",
  PROGRAM_MISSING: "Install the named program, or run the agent's own image.",
  KEEPALIVED_TOO_OLD: "Install keepalived 2.0 or later (2.2.7 is tested), or run the agent's own image.",
  HOST_NETWORK_MISSING: "Start the container with `network_mode: host`.",
  METADATA_UNROUTED:
    "Start Rancher's network-manager service on this host: it sets the route. Or correct METADATA_URL.",
  VRRP_BLOCKED:
    "Accept IP protocol 112 from and to the other hosts: `iptables -I INPUT -p 112 -s PEER -j ACCEPT` and `iptables -I OUTPUT -p 112 -d PEER -j ACCEPT` (`ip6tables` for IPv6).",
  CONNTRACK_FULL:
    "Raise the limit (`sysctl -w net.netfilter.nf_conntrack_max=NUMBER`), or find what opens so many connections. New ones are dropped.",
  IPTABLES_UNUSABLE:
    "Run `iptables -t nat -S` in the agent's container, and install what it lacks, or set IPTABLES_BACKEND to the iptables that Rancher uses. Until then the ports are not checked.",
  CLAIM_TAKEN:
    "Find the process on the host (`ss -lxp | grep rancher-keepalived`) and end it (`kill PID`). It may be a frozen agent.",
  AGENT_UNREACHABLE:
    "Start the agent on this host. If it runs, run this command inside its container: `docker exec CONTAINER rancher-keepalived ...`.",
} as const satisfies Record<string, string>;

export type ErrorCode = keyof typeof ERRORS;

/** What happened, followed by the code or the first line of the cause, because `cannot be written` needs its ENOSPC. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  const reason = "code" in cause ? String(cause.code) : cause.message.split("\n", 1)[0];
  return reason === undefined || error.message.includes(reason)
    ? error.message
    : `${error.message} (${reason})`;
}

/** An error with a code of `ERRORS`. A `hint` replaces the usual one. */
export class AgentError extends Error {
  override readonly name: string = "AgentError";
  readonly code: ErrorCode;
  readonly hint: string;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.hint = options.hint ?? ERRORS[code];
  }
}
