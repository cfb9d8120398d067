/**
 * The document of each client: one environment for all clients, and a `self` for each.
 *
 * The server knows a client only by its source address. Containers may share an address (host networking, or the bridges
 * of two hosts). All of them then get the `self` of the container that is last in the random order of the list.
 */
import { type DocumentObject, objectsIn } from "./document.ts";

/** Documents by source address. */
export type ClientDocuments = ReadonlyMap<string, DocumentObject>;

/** The key of the document for clients without a document of their own. */
export const DEFAULT_CLIENT = "default";

/** One document for each container's address, and the default one. Its `self` has only the host `hostUuid`. A host in `self` has no `hostId`. */
export function documentsByClient(environment: DocumentObject, hostUuid: string): ClientDocuments {
  const hosts = new Map(objectsIn(environment.hosts).map(({ hostId: _, ...host }) => [host.uuid, host]));
  const stacks = new Map(objectsIn(environment.stacks).map((stack) => [stack.name, stack]));
  const services = new Map(
    objectsIn(environment.services).map((service) => [serviceKey(service.stack_name, service.name), service]),
  );
  const documents = new Map<string, DocumentObject>();
  for (const container of objectsIn(environment.containers)) {
    const address = container.primary_ip;
    if (typeof address !== "string") continue;
    const host = hosts.get(container.host_uuid);
    const stack = stacks.get(container.stack_name);
    const service = services.get(serviceKey(container.stack_name, container.service_name));
    const self = { container, ...(host && { host }), ...(service && { service }), ...(stack && { stack }) };
    documents.set(address, { ...environment, self });
  }
  return documents.set(DEFAULT_CLIENT, { ...environment, self: { host: hosts.get(hostUuid) } });
}

function serviceKey(stackName: unknown, serviceName: unknown): string {
  return `${stackName}/${serviceName}`;
}
