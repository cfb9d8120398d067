/** What happens to the environment in a Rancher installation, as changes of the document that metadata tells. */
import { hexOf, uuidOf } from "./lab-ids.ts";
import {
  ENVIRONMENT_UUID,
  type MetadataContainer,
  type MetadataDocument,
  type MetadataHost,
  type MetadataService,
  SERVICE_NAME,
  STACK_NAME,
} from "./metadata-document.ts";
import type { HostNetwork } from "./topology.ts";

/** Registers the host; it has no container yet. The uuid follows from the name, so that runs are comparable. */
export function addHost(document: MetadataDocument, host: Pick<HostNetwork, "name" | "address">): void {
  document.hosts.push({
    uuid: uuidOf(`host ${host.name}`),
    name: host.name,
    hostname: host.name,
    agent_ip: host.address,
    state: "active",
    agent_state: "active",
    environment_uuid: ENVIRONMENT_UUID,
    labels: {},
  });
}

/** The host is gone from Rancher, and its containers with it. */
export function removeHost(document: MetadataDocument, hostName: string): void {
  const { uuid } = hostOf(document, hostName);
  document.hosts = document.hosts.filter((host) => host.uuid !== uuid);
  document.containers = document.containers.filter((container) => container.host_uuid !== uuid);
}

/** Rancher schedules a new running container of the service on the host. */
export function addContainer(document: MetadataDocument, hostName: string): MetadataContainer {
  const host = hostOf(document, hostName);
  const service = serviceOf(document);
  service.create_index += 1;
  const name = `${STACK_NAME}-${SERVICE_NAME}-${service.create_index}`;
  const container = {
    uuid: uuidOf(`container ${name}`),
    name,
    external_id: hexOf(`docker ${name}`),
    state: "running",
    host_uuid: host.uuid,
    primary_ip: host.agent_ip,
    stack_name: STACK_NAME,
    service_name: SERVICE_NAME,
    service_index: String(service.create_index),
    create_index: service.create_index,
    environment_uuid: ENVIRONMENT_UUID,
    labels: { "io.rancher.stack_service.name": `${STACK_NAME}/${SERVICE_NAME}` },
  };
  document.containers.push(container);
  return container;
}

/** The host's containers of the service stay listed, as stopped. */
export function stopContainer(document: MetadataDocument, hostName: string): void {
  for (const container of containersOn(document, hostName)) container.state = "stopped";
}

/** The host's containers of the service are no longer listed. */
export function removeContainer(document: MetadataDocument, hostName: string): void {
  const gone = new Set(containersOn(document, hostName));
  document.containers = document.containers.filter((container) => !gone.has(container));
}

/** Sets a label of the host, or removes it where `value` is undefined. */
export function setLabel(
  document: MetadataDocument,
  hostName: string,
  label: { readonly name: string; readonly value: string | undefined },
): void {
  const { labels } = hostOf(document, hostName);
  if (label.value === undefined) delete labels[label.name];
  else labels[label.name] = label.value;
}

/** @throws {Error} where the document has no such host. */
function hostOf(document: MetadataDocument, hostName: string): MetadataHost {
  const host = document.hosts.find((candidate) => candidate.name === hostName);
  if (host === undefined) throw new Error(`metadata has no host ${hostName}`);
  return host;
}

/** The host's containers of the service, in the order of their creation. */
function containersOn(document: MetadataDocument, hostName: string): MetadataContainer[] {
  const { uuid } = hostOf(document, hostName);
  return document.containers.filter((container) => container.host_uuid === uuid);
}

/** The one service, whose `metadata` a test may change. */
function serviceOf(document: MetadataDocument): MetadataService {
  const service = document.stacks[0]?.services[0];
  if (service === undefined) throw new Error("metadata has no service");
  return service;
}

/** Replaces what the user wrote below `keepalived` in the service's metadata, as `rancher-compose up --upgrade` does. */
export function setServiceMetadata(document: MetadataDocument, keepalived: unknown): void {
  serviceOf(document).metadata = { keepalived };
}
