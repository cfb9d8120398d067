/**
 * Decides which service the agent belongs to: the one that the settings name, else the one that lists its container.
 *
 * `self/service` is not used. To a client on the host's network the server answers it with 404, or with the service of
 * another container of this host.
 */
import type { Service } from "./snapshot.ts";

/** Names of a service, in lower case as in the paths of metadata. */
export interface ServiceNames {
  readonly stackName: string;
  readonly name: string;
}

/** What is known about the own service before metadata is read. */
export interface ServiceLocator {
  /** The setting STACK_NAME. */
  readonly stackName?: string | undefined;
  /** The setting SERVICE_NAME. */
  readonly serviceName?: string | undefined;
  /** Docker id of the agent's container, 64 hex digits. It finds the service where a name is not set. */
  readonly dockerId?: string | undefined;
  /** The service that the Docker id found earlier. It is tried first, and used only while it lists the container. */
  readonly remembered?: ServiceNames | undefined;
}

/** A service that may be the agent's own. */
export interface ServiceCandidate extends ServiceNames {
  /** Path segment of its stack: its name, or its index, because stacks of linked environments can share a name. */
  readonly stack: string;
}

/** Names that a keepalived service is likely to have. */
const LIKELY = /keepalived|vrrp|vip/;

/** The names that the settings give. Undefined unless both are set. */
export function configuredNames(locator: ServiceLocator): ServiceNames | undefined {
  if (!locator.stackName || !locator.serviceName) return undefined;
  return { stackName: locator.stackName.toLowerCase(), name: locator.serviceName.toLowerCase() };
}

/** The candidates that match a name that is set. The likeliest come first, because each costs a request. */
export function orderCandidates(
  candidates: readonly ServiceCandidate[],
  locator: ServiceLocator,
): ServiceCandidate[] {
  const agrees = (name: string, setting: string | undefined) => !setting || name === setting.toLowerCase();
  return candidates
    .filter((it) => agrees(it.stackName, locator.stackName) && agrees(it.name, locator.serviceName))
    .toSorted((a, b) => unlikelihood(a) - unlikelihood(b) || compare(sortKey(a), sortKey(b)));
}

/** Whether the container with the Docker id is one of the service's. */
export function listsContainer(service: Service, dockerId: string): boolean {
  return service.containers.some(({ externalId }) => externalId === dockerId);
}

/**
 * The service of the own environment, among services of one name: the one with containers there, else one that has no
 * container. A service whose containers are all of linked environments is not the agent's.
 */
export function chooseOwnService(services: readonly Service[], environmentUuid: string): Service | undefined {
  const owns = (service: Service) => service.containers.some((it) => isOfEnvironment(it, environmentUuid));
  return services.find(owns) ?? services.find(({ containers }) => containers.length === 0);
}

/** Whether an object is of the environment. True where the field is empty: old servers have no linked environments. */
export function isOfEnvironment(it: { readonly environmentUuid: string }, environmentUuid: string): boolean {
  return it.environmentUuid === environmentUuid || it.environmentUuid === "" || environmentUuid === "";
}

function unlikelihood({ stackName, name }: ServiceNames): number {
  if (LIKELY.test(name)) return 0;
  return LIKELY.test(stackName) ? 1 : 2;
}

function sortKey({ stackName, name, stack }: ServiceCandidate): string {
  return JSON.stringify([stackName, name, stack]);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
