/** Settings of the agent process itself. They come from the environment only. */
import type { Rows } from "./row.ts";
import { BOOLEAN, choice, integer, orOff, seconds } from "./value-kind.ts";
import { BASE_URL, ENDPOINT, HTTP_URL } from "./value-network.ts";
import { ABSOLUTE_PATH, COMMAND, PATH, RANCHER_NAME } from "./value-text.ts";

export const AGENT_ROWS = {
  authPassFile: {
    variable: "AUTH_PASS_FILE",
    kind: PATH,
    help: "File that contains AUTH_PASS, such as a Rancher secret.",
    example: "/run/secrets/auth_pass",
  },
  checkScript: {
    variable: "CHECK_SCRIPT",
    isMultiline: true,
    kind: COMMAND,
    help: "Command of your own. This host is healthy only while it exits with 0.",
    example: "/usr/local/bin/check-app",
  },
  iptablesBackend: {
    variable: "IPTABLES_BACKEND",
    kind: choice(["auto", "nft", "legacy"]),
    defaultText: "auto",
    help: "The iptables backend that holds Rancher's rules. `auto` finds it.",
    example: "legacy",
  },
  stackName: {
    variable: "STACK_NAME",
    kind: RANCHER_NAME,
    defaultNote: "found by the container's Docker id",
    help: "Stack of this service in Rancher.",
    example: "keepalived",
  },
  serviceName: {
    variable: "SERVICE_NAME",
    kind: RANCHER_NAME,
    defaultNote: "found by the container's Docker id",
    help: "Name of this service in Rancher.",
    example: "keepalived",
  },
  hostUuid: {
    variable: "HOST_UUID",
    kind: RANCHER_NAME,
    defaultNote: "found by this container, the host's addresses and its name",
    help: "UUID of this host in Rancher. One per host: a service's environment is the same on all.",
    example: "2b6f1a8e-5c6d-4a9e-9d47-0d6c3b1a7f10",
  },
  metadataUrl: {
    variable: "METADATA_URL",
    kind: orOff(BASE_URL),
    defaultText: "http://169.254.169.250",
    help: "Rancher's metadata service. With `off` the agent runs without Rancher, on the environment alone.",
    example: "off",
  },
  peerRemovalGraceSeconds: {
    variable: "PEER_REMOVAL_GRACE",
    kind: seconds(0, 86_400),
    unit: "s",
    defaultText: "30",
    help: "How long a peer must be missing from metadata and silent before it is removed. A host that still runs VRRP is not removed. Below 3 s the agent warns.",
    example: "60",
  },
  vipLeaseSeconds: {
    variable: "VIP_LEASE",
    kind: orOff(integer(1, 60)),
    unit: "s",
    defaultText: "1",
    help: "How long a VIP stays on this host after its whole container was killed or frozen. With `off` it stays for ever.",
    example: "2",
  },
  isAdvertUntracked: {
    variable: "ADVERT_NOTRACK",
    kind: BOOLEAN,
    defaultText: "true",
    help: "Keep VRRP out of the host's connection tracking. `false` is for an nft firewall that accepts protocol 112 by its `ct state` alone.",
    example: "false",
  },
  templatePath: {
    variable: "TEMPLATE",
    kind: PATH,
    defaultNote: "templates/keepalived.conf.njk, which ships with the agent",
    help: "Nunjucks template of keepalived.conf.",
    example: "/etc/rancher-keepalived/keepalived.conf.njk",
  },
  keepalivedConf: {
    variable: "KEEPALIVED_CONF",
    kind: ABSOLUTE_PATH,
    defaultText: "/etc/keepalived/keepalived.conf",
    help: "The keepalived.conf that the agent writes.",
    example: "/etc/keepalived/vip.conf",
  },
  stateDir: {
    variable: "STATE_DIR",
    kind: ABSOLUTE_PATH,
    defaultText: "/run/rancher-keepalived",
    help: "Directory for the agent's own files. On a volume they outlive the container.",
    example: "/var/lib/rancher-keepalived",
  },
  httpListen: {
    variable: "HTTP_LISTEN",
    kind: orOff(ENDPOINT),
    defaultText: "127.0.0.1:9650",
    help: "Address and port of the HTTP server for status, health and metrics.",
    example: "0.0.0.0:9650",
  },
  notifyScript: {
    variable: "NOTIFY_SCRIPT",
    kind: COMMAND,
    help: "Command that runs after each change of state.",
    example: "/usr/local/bin/on-change",
  },
  notifyUrl: {
    variable: "NOTIFY_URL",
    kind: HTTP_URL,
    isSecret: true,
    help: "URL to which each change of state is sent.",
    example: "https://hooks.example.com/keepalived",
  },
  logLevel: {
    variable: "LOG_LEVEL",
    kind: choice(["fatal", "error", "warn", "info", "debug", "trace", "silent"]),
    defaultText: "info",
    help: "Lowest level of log lines that are written.",
    example: "debug",
  },
} as const satisfies Rows;
