/**
 * Every way this product can fail that an operator may meet, under a code that never changes.
 *
 * The catalogue is the one place that explains a code; README's table is tested against it. A message says
 * what happened, `cause` keeps the original error, `hint` is the operator's next step.
 */
export const ERRORS = {
  USAGE: "Run `rancher-keepalived --help` for the commands and their options.",
  SETTINGS_INVALID: "Correct each value that is named, at the source that is named.",
  SECRET_UNUSABLE:
    "Put a password of 1-8 bytes into the file of AUTH_PASS_FILE; the earlier one stays in force until then.",
  SETTING_REFUSED:
    "Correct the label or the service metadata that is named; what was in force stays in force until then.",
  VIP_MISSING: "Set VIRTUAL_IP, or `keepalived.virtual_ip` in the service's metadata.",
  VIP_CONFLICT: "Choose a virtual IP that no host uses as its own address.",
  GROUP_CONFLICT:
    "Give each group virtual IPs and a VRID of its own, at one of the two places that are named.",
  GROUP_REFUSED: "Correct what is named; the other groups are not affected.",
  VRID_UNKNOWN: "Set VRID to a number from 1 to 255 that no other VRRP group of this network uses.",
  VALUE_UNWRITABLE:
    "Rename it (an interface: `ip link set OLD name NEW`); keepalived.conf has no way to write this name.",
  NETWORK_UNREADABLE: "Check that iproute2 (`ip`) is installed and that the host is not overloaded.",
  INTERFACE_UNKNOWN: "Set INTERFACE to a network interface of this host (`ip -br address` lists them).",
  SOURCE_UNKNOWN: "Set the host label `keepalived.address`, or UNICAST_SRC_IP, to an address of this host.",
  PEER_ADDRESS_UNUSABLE:
    "Set the host label `keepalived.address` on the named host to an address of the VIP's family.",
  HOST_UNKNOWN: "Compare this host's name and addresses with Rancher's list of hosts, or set HOST_UUID.",
  HOST_AMBIGUOUS: "Give hosts distinct names, or set HOST_UUID to this host's uuid in Rancher.",
  SERVICE_UNKNOWN: "Set STACK_NAME and SERVICE_NAME to the names that Rancher shows for this service.",
  METADATA_UNREACHABLE:
    "Check the route to METADATA_URL and that Rancher's metadata service runs on this host.",
  METADATA_NOT_FOUND:
    "Wait if metadata has just started: it may still be loading. Otherwise check STACK_NAME and SERVICE_NAME.",
  METADATA_MALFORMED:
    "Look at the answer with curl; METADATA_URL may point to something that is not Rancher's metadata.",
  METADATA_UNSTABLE: "Nothing to do: metadata changed while it was read, and it is read again.",
  TEMPLATE_BROKEN: "Correct the template; the last good keepalived.conf stays in force until then.",
  CONF_UNEXPECTED:
    "Compare the template with the one that ships with the agent; the named part must survive.",
  CONF_REJECTED: "Read keepalived's messages; the rejected file is kept in STATE_DIR/rejected.conf.",
  CONF_UNWRITABLE: "Make the directory of KEEPALIVED_CONF and STATE_DIR writable, with space left.",
  KEEPALIVED_UNAVAILABLE:
    "Check that keepalived and setpriv are installed and that the host is not overloaded.",
  KEEPALIVED_EXITED: "Read keepalived's last log lines; the agent starts it again by itself.",
  RELOAD_UNCONFIRMED: "Read keepalived's log lines; the agent asks again by itself.",
  KEEPALIVED_SILENT:
    "Look at the load of the host and at keepalived's log lines; the agent asks again by itself.",
  KEEPALIVED_HUNG:
    "Nothing to do: the agent ends it by force and starts it again. Look at the load of the host if this comes back.",
  ADDRESS_STUCK: "Remove the address by hand (`ip address del`); the agent needs NET_ADMIN for this.",
  HEALTH_UNKNOWN:
    "Run `rancher-keepalived check` on this host and mend what it names; until then the last verdict counts.",
  DRAIN_REFUSED: "Look at the other hosts (`rancher-keepalived status` on each), then add --force.",
  DRAIN_PENDING: "Look at `rancher-keepalived status` and at keepalived's log lines on this host.",
  STATE_UNREADABLE: "The agent goes on without it; remove the named file if it does not mend itself.",
  STATE_DIR_LOST: "Keep whatever cleans up away from STATE_DIR; the agent makes it anew by itself.",
  LISTEN_FAILED: "Choose an address of this host and a free port (`ss -ltnp` shows who holds it).",
  ANSWERS_INVALID: "Correct the answers file; the last good answers are served until then.",
  CAPABILITY_MISSING:
    "Give the container the capability that is named (`cap_add`); it needs NET_ADMIN and NET_RAW.",
  PROGRAM_MISSING: "Install the program that is named, or run the agent's own image.",
  KEEPALIVED_TOO_OLD: "Install keepalived 2.0 or later (2.2.7 is tested), or run the agent's own image.",
  HOST_NETWORK_MISSING: "Start the container with `network_mode: host`.",
  METADATA_UNROUTED:
    "Start Rancher's network-manager on this host, which sets the route, or correct METADATA_URL.",
  VRRP_BLOCKED:
    "Accept IP protocol 112 from and to the other hosts: `iptables -I INPUT -p 112 -s PEER -j ACCEPT`, `-I OUTPUT -p 112 -d PEER`.",
  IPTABLES_UNUSABLE:
    "Install the iptables that Rancher uses on this host, or set IPTABLES_BACKEND to it; without it the ports are not checked.",
  CLAIM_TAKEN:
    "Find out who it is on the host (`ss -lxp | grep rancher-keepalived`) and end it; a frozen agent counts, too.",
  AGENT_UNREACHABLE: "Start the agent on this host, or run this in its network namespace.",
} as const satisfies Record<string, string>;

export type ErrorCode = keyof typeof ERRORS;

/**
 * What happened, with the reason of the system or the program below where an error has one: `CONF_UNWRITABLE ... cannot
 * be written` does not help without ENOSPC.
 */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  const reason = "code" in cause ? String(cause.code) : cause.message.split("\n", 1)[0];
  return reason === undefined || error.message.includes(reason)
    ? error.message
    : `${error.message} (${reason})`;
}

/** An error with a stable code; `hint` tells the operator what to do next. */
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
