/** Settings of the agent itself: one a process, so they come from the environment only. */
import type { Rows } from "./row.ts";
import { choice, orOff, seconds } from "./value-kind.ts";
import { BASE_URL, ENDPOINT, HTTP_URL } from "./value-network.ts";
import { ABSOLUTE_PATH, COMMAND, PATH, RANCHER_NAME } from "./value-text.ts";

export const AGENT_ROWS = {
  authPassFile: {
    variable: "AUTH_PASS_FILE",
    kind: PATH,
    help: "File that holds AUTH_PASS",
    example: "/run/secrets/auth_pass",
  },
  checkScript: {
    variable: "CHECK_SCRIPT",
    isMultiline: true,
    kind: COMMAND,
    help: "Command of your own that must exit 0 for this host to be healthy",
    example: "/usr/local/bin/check-app",
  },
  iptablesBackend: {
    variable: "IPTABLES_BACKEND",
    kind: choice(["auto", "nft", "legacy"]),
    defaultText: "auto",
    help: "Which iptables holds Rancher's rules",
    example: "legacy",
  },
  stackName: {
    variable: "STACK_NAME",
    kind: RANCHER_NAME,
    defaultNote: "found by the container's Docker id",
    help: "Stack of this service in Rancher",
    example: "keepalived",
  },
  serviceName: {
    variable: "SERVICE_NAME",
    kind: RANCHER_NAME,
    defaultNote: "found by the container's Docker id",
    help: "Name of this service in Rancher",
    example: "keepalived",
  },
  hostUuid: {
    variable: "HOST_UUID",
    kind: RANCHER_NAME,
    defaultNote: "found by the host's addresses and name",
    help: "Uuid of this host in Rancher",
    example: "2b6f1a8e-5c6d-4a9e-9d47-0d6c3b1a7f10",
  },
  metadataUrl: {
    variable: "METADATA_URL",
    kind: orOff(BASE_URL),
    defaultText: "http://169.254.169.250",
    help: "Rancher's metadata service; `off` runs on the environment alone",
    example: "off",
  },
  peerRemovalGraceSeconds: {
    variable: "PEER_REMOVAL_GRACE",
    kind: seconds(0, 86_400),
    unit: "s",
    defaultText: "30",
    help: "How long a peer must be missing from metadata before it is dropped",
    example: "60",
  },
  templatePath: {
    variable: "TEMPLATE",
    kind: PATH,
    defaultNote: "templates/keepalived.conf.njk, which ships with the agent",
    help: "nunjucks template of keepalived.conf",
    example: "/etc/rancher-keepalived/keepalived.conf.njk",
  },
  keepalivedConf: {
    variable: "KEEPALIVED_CONF",
    kind: ABSOLUTE_PATH,
    defaultText: "/etc/keepalived/keepalived.conf",
    help: "File that is generated",
    example: "/etc/keepalived/vip.conf",
  },
  stateDir: {
    variable: "STATE_DIR",
    kind: ABSOLUTE_PATH,
    defaultText: "/run/rancher-keepalived",
    help: "Directory for the agent's own files; a volume lets them outlive the container",
    example: "/var/lib/rancher-keepalived",
  },
  httpListen: {
    variable: "HTTP_LISTEN",
    kind: orOff(ENDPOINT),
    defaultText: "127.0.0.1:9650",
    help: "Where status, health and metrics are served",
    example: "0.0.0.0:9650",
  },
  notifyScript: {
    variable: "NOTIFY_SCRIPT",
    kind: COMMAND,
    help: "Command that is run after each change of state",
    example: "/usr/local/bin/on-change",
  },
  notifyUrl: {
    variable: "NOTIFY_URL",
    kind: HTTP_URL,
    isSecret: true,
    help: "URL that each change of state is sent to",
    example: "https://hooks.example.com/keepalived",
  },
  logLevel: {
    variable: "LOG_LEVEL",
    kind: choice(["fatal", "error", "warn", "info", "debug", "trace", "silent"]),
    defaultText: "info",
    help: "Least important log lines that are written",
    example: "debug",
  },
} as const satisfies Rows;
