/** Settings of the health checks for one group: what must be true of a host that owns its VIPs. */
import type { Rows } from "./row.ts";
import { HTTP_PROBE } from "./value-http-probe.ts";
import { BOOLEAN, integer, listOf, seconds } from "./value-kind.ts";
import { ANY_OR_ADDRESS, ENDPOINT, PUBLISHED_PORT } from "./value-network.ts";
import { SERVICE_NAME } from "./value-text.ts";

export const CHECK_ROWS = {
  checkPorts: {
    isCheck: true,
    variable: "CHECK_PORT",
    metadata: "check.ports",
    kind: listOf(PUBLISHED_PORT, ({ port, protocol }) => `${port}/${protocol}`),
    defaultNote: "no port check",
    help: "Ports that Rancher must have published on this host (DNAT rules in CATTLE_PREROUTING).",
    example: "80,443/tcp,53/udp",
  },
  checkIp: {
    isCheck: true,
    variable: "CHECK_IP",
    metadata: "check.ip",
    kind: ANY_OR_ADDRESS,
    defaultNote: "the VIP",
    help: "Address for which the ports must be published. `any` accepts every address.",
    example: "any",
  },
  checkTarget: {
    isCheck: true,
    variable: "CHECK_TARGET",
    metadata: "check.target",
    kind: BOOLEAN,
    defaultText: "true",
    help: "Whether clients must reach the container behind each port of CHECK_PORT: it accepts a TCP connection from this host, and forwarding, routes and FORWARD let packets through. `false` checks only the rule.",
    example: "false",
  },
  checkHttp: {
    isCheck: true,
    variable: "CHECK_HTTP",
    metadata: "check.http",
    kind: HTTP_PROBE,
    defaultNote: "no check",
    help: "URL that must answer with a status from 200 to 399, or with the status or range that follows it.",
    example: "http://127.0.0.1:8080/health 200 host=app.example.com",
  },
  checkTcp: {
    isCheck: true,
    variable: "CHECK_TCP",
    metadata: "check.tcp",
    kind: ENDPOINT,
    defaultNote: "no check",
    help: "Address and port that must accept a connection.",
    example: "127.0.0.1:8080",
  },
  checkService: {
    isCheck: true,
    variable: "CHECK_SERVICE",
    metadata: "check.service",
    kind: SERVICE_NAME,
    defaultNote: "no check",
    help: "Service that must have a running container on this host. Its health in Rancher must be `healthy`, or it has no health check.",
    example: "web/haproxy",
  },
  checkIntervalSeconds: {
    variable: "CHECK_INTERVAL",
    metadata: "check.interval",
    kind: seconds(0.05, 3600),
    unit: "s",
    defaultText: "0.25",
    help: "Time between two rounds of checks.",
    example: "1",
  },
  checkTimeoutSeconds: {
    variable: "CHECK_TIMEOUT",
    metadata: "check.timeout",
    kind: seconds(0.05, 3600),
    unit: "s",
    defaultText: "1",
    help: "A check that takes longer counts as failed.",
    example: "2",
  },
  checkRise: {
    variable: "CHECK_RISE",
    metadata: "check.rise",
    kind: integer(1, 1000),
    defaultText: "4",
    help: "Passed checks in a row, CHECK_INTERVAL apart, that make an unhealthy host healthy.",
    example: "10",
  },
  checkFall: {
    variable: "CHECK_FALL",
    metadata: "check.fall",
    kind: integer(1, 1000),
    defaultText: "3",
    help: "Failed checks tolerated in a row. The next failure marks the host unhealthy. Retries come every 0.12 s, or every CHECK_INTERVAL if that is below 0.12 s or above 0.25 s.",
    example: "2",
  },
} as const satisfies Rows;
