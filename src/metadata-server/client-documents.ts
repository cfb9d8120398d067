/**
 * The document of each client: the same environment for all, with a `self` of its own.
 *
 * A client is known by its source address alone. So containers that share an address (host networking, or
 * bridges of two hosts) shadow each other, and the last one in the random order of the list answers for all.
 */
import { type Fields, objectsIn } from "./document.ts";

/** Documents by source address. */
export type ClientDocuments = ReadonlyMap<string, Fields>;

/** The entry for every address that has none of its own. */
export const DEFAULT_CLIENT = "default";

/** One document for each container's address, and the default one, whose `self` is only the host `hostUuid`. */
export function documentsByClient(environment: Fields, hostUuid: string): ClientDocuments {
  const hosts = new Map(objectsIn(environment.hosts).map((host) => [host.uuid, host]));
  const stacks = new Map(objectsIn(environment.stacks).map((stack) => [stack.name, stack]));
  const services = new Map(
    objectsIn(environment.services).map((service) => [place(service.stack_name, service.name), service]),
  );
  const documents = new Map<string, Fields>();
  for (const container of objectsIn(environment.containers)) {
    const address = container.primary_ip;
    if (typeof address !== "string") continue;
    const host = hosts.get(container.host_uuid);
    const stack = stacks.get(container.stack_name);
    const service = services.get(place(container.stack_name, container.service_name));
    const self = { container, ...(host && { host }), ...(service && { service }), ...(stack && { stack }) };
    documents.set(address, { ...environment, self });
  }
  return documents.set(DEFAULT_CLIENT, { ...environment, self: { host: hosts.get(hostUuid) } });
}

function place(stackName: unknown, serviceName: unknown): string {
  return `${stackName}/${serviceName}`;
}
