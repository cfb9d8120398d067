/** The keys of a service that Rancher's two parsers know: rancher-compose 0.12.5, and the server's executor 0.14.30. */

/** In docker-compose.yml, taken alike by both. */
export const OF_BOTH: readonly string[] = [
  ...["image", "network_mode", "cap_add", "cap_drop", "privileged", "read_only", "tty", "stdin_open"],
  ...["environment", "labels", "restart", "tmpfs", "volumes", "pid", "ipc", "uts", "user", "devices"],
  ...["security_opt", "ulimits", "hostname", "stop_signal", "extra_hosts", "dns", "logging", "ports"],
  ...["command", "entrypoint", "cpu_shares"],
];

/** In docker-compose.yml, taken by the server. */
export const OF_EXECUTOR: readonly string[] = [...OF_BOTH, "secrets", "init", "sysctls", "stop_grace_period"];

/** In rancher-compose.yml, taken by both. */
export const OF_RANCHER_COMPOSE: readonly string[] = [
  ...["scale", "scale_policy", "retain_ip", "metadata", "upgrade_strategy", "health_check", "lb_config"],
  "default_cert",
];
