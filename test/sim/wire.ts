/** Hosts and containers with all the fields that Rancher's metadata 2016-07-29 has for them, and so of its size. */
import { hexOf, uuidOf } from "../e2e/lab/lab-ids.ts";

const ENVIRONMENT_UUID = uuidOf("environment");
export const OWN_SERVICE = { stackName: "lb", name: "keepalived" } as const;

export interface WireHost {
  readonly uuid: string;
  readonly hostname: string;
  readonly agent_ip: string;
}

export interface WireContainer {
  readonly uuid: string;
  readonly state: string;
  readonly host_uuid: string;
}

/** 250 addresses in each /24 of 10.0.0.0/8, which has room for all. */
export function addressOf(index: number): string {
  const net = Math.floor(index / 250);
  return `10.${net >> 8}.${net & 255}.${1 + (index % 250)}`;
}

export function wireHost(index: number): WireHost {
  const name = `node-${index}`;
  return {
    agent_ip: addressOf(index),
    agent_state: "active",
    environment_uuid: ENVIRONMENT_UUID,
    hostname: `${name}.example`,
    labels: {
      "io.rancher.host.docker_version": "17.03",
      "io.rancher.host.linux_kernel_version": "4.9",
      "io.rancher.host.kvm": "true",
    },
    local_storage_mb: null,
    memory: null,
    metadata_kind: "host",
    milli_cpu: null,
    name,
    state: "active",
    uuid: uuidOf(`host ${name}`),
  } as WireHost;
}

/** @param createIndex of the service: a container that takes another's place has a higher one. */
export function wireContainer(host: WireHost, createIndex: number, state: string): WireContainer {
  const name = `${OWN_SERVICE.stackName}-${OWN_SERVICE.name}-${createIndex}`;
  const stackService = `${OWN_SERVICE.stackName}/${OWN_SERVICE.name}`;
  return {
    create_index: createIndex,
    dns: ["169.254.169.250"],
    dns_search: [`${OWN_SERVICE.stackName}.rancher.internal`, "rancher.internal"],
    environment_uuid: ENVIRONMENT_UUID,
    external_id: hexOf(`docker ${name}`),
    health_check: null,
    health_check_hosts: null,
    health_state: null,
    host_uuid: host.uuid,
    hostname: null,
    ips: [host.agent_ip],
    labels: {
      "io.rancher.container.name": name,
      "io.rancher.container.uuid": uuidOf(`container ${name}`),
      "io.rancher.environment.uuid": ENVIRONMENT_UUID,
      "io.rancher.project.name": OWN_SERVICE.stackName,
      "io.rancher.project_service.name": stackService,
      "io.rancher.scheduler.global": "true",
      "io.rancher.service.deployment.unit": uuidOf(`unit ${host.uuid}`),
      "io.rancher.service.hash": hexOf("hash").slice(0, 40),
      "io.rancher.service.launch.config": "io.rancher.service.primary.launch.config",
      "io.rancher.service.requested.host.id": String(createIndex),
      "io.rancher.stack.name": OWN_SERVICE.stackName,
      "io.rancher.stack_service.name": stackService,
    },
    links: null,
    memory_reservation: null,
    metadata_kind: "container",
    milli_cpu_reservation: null,
    name,
    network_from_container_uuid: null,
    network_uuid: uuidOf("network"),
    ports: null,
    primary_ip: host.agent_ip,
    primary_mac_address: "",
    service_index: String(createIndex),
    service_name: OWN_SERVICE.name,
    service_uuid: uuidOf("service"),
    stack_name: OWN_SERVICE.stackName,
    stack_uuid: uuidOf("stack"),
    start_count: 1,
    state,
    system: false,
    uuid: uuidOf(`container ${name}`),
  } as WireContainer;
}

export function wireService(containers: readonly WireContainer[], metadata: unknown = {}) {
  return {
    containers,
    create_index: containers.length,
    environment_uuid: ENVIRONMENT_UUID,
    expose: [],
    external_ips: [],
    fqdn: null,
    health_check: null,
    hostname: null,
    kind: "service",
    labels: { "io.rancher.scheduler.global": "true" },
    lb_config: null,
    links: {},
    metadata,
    metadata_kind: "service",
    name: OWN_SERVICE.name,
    ports: [],
    primary_service_name: OWN_SERVICE.name,
    scale: null,
    sidekicks: null,
    stack_name: OWN_SERVICE.stackName,
    stack_uuid: uuidOf("stack"),
    state: "active",
    system: false,
    token: null,
    uuid: uuidOf("service"),
    vip: null,
  };
}
