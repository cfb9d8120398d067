/**
 * Which service the agent belongs to: by the names of the settings, or as the service that lists its container.
 *
 * `self/service` cannot tell: the server answers 404 there to a host-networked client, or with the service of any
 * other container of this host.
 */
import type { Service } from "./snapshot.ts";

/** Names of a service, lower-cased as in metadata's paths. */
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
  /** The own container's Docker id, 64 hex digits: it finds the service where a name is not set. */
  readonly dockerId?: string | undefined;
  /** The service that the Docker id led to earlier. It is tried first, and counts only while it lists the container. */
  readonly remembered?: ServiceNames | undefined;
}

/** A service that may be the agent's own. `stack` addresses its stack: two stacks of linked environments can share a name. */
export interface ServiceCandidate extends ServiceNames {
  readonly stack: string;
}

/** Names that a keepalived service is likely to have. */
const LIKELY = /keepalived|vrrp|vip/;

/** The names of the settings, where both are set. */
export function configuredNames(locator: ServiceLocator): ServiceNames | undefined {
  if (!locator.stackName || !locator.serviceName) return undefined;
  return { stackName: locator.stackName.toLowerCase(), name: locator.serviceName.toLowerCase() };
}

/** Candidates that agree with the one name that may be set, the likeliest first: each costs a reading of its containers. */
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
 * The service of the own environment among services of one name: the one with containers there, else one without
 * any container. A service whose containers are all of linked environments is not the agent's.
 */
export function chooseOwnService(services: readonly Service[], environmentUuid: string): Service | undefined {
  const owns = (service: Service) => service.containers.some((it) => isOfEnvironment(it, environmentUuid));
  return services.find(owns) ?? services.find(({ containers }) => containers.length === 0);
}

/** Whether an object is of the environment; old servers leave the field out, and had no linked environments. */
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
