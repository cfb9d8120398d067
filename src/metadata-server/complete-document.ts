/**
 * Puts containers, services and stacks into every place where Rancher repeats them.
 *
 * Rancher lists a container at the top, under its service and under its stack. The author of an answers file writes it in
 * one of these places. An object that is written in several places is merged, and the fields of the outermost list win.
 * A service is identified by its stack and name, because its sidekicks share its uuid.
 */
import type { DocumentObject } from "./document.ts";
import type { Environment } from "./environment.ts";

type Container = NonNullable<Environment["containers"]>[number];
interface Service extends DocumentObject {
  readonly name: string;
  readonly stack_name: string;
}
interface Stack extends DocumentObject {
  readonly name: string;
}
interface Objects {
  readonly containers: readonly Container[];
  readonly services: readonly Service[];
  readonly stacks: readonly Stack[];
}

/** The complete document of an environment, without `self` and `version`. */
export function completeDocument(environment: Environment): DocumentObject {
  const { self: _, ...written } = environment;
  return { environments: null, networks: [], ...written, ...nestObjects(collectObjects(environment)) };
}

/** Lists each object once, including services and stacks that other objects only mention. */
function collectObjects(environment: Environment): Objects {
  const written = [
    ...(environment.stacks ?? []).flatMap((stack) =>
      (stack.services ?? []).map((service) => ({ ...service, stack_name: stack.name })),
    ),
    ...(environment.services ?? []),
  ];
  const placed = written.flatMap(({ containers, name, stack_name }) =>
    (containers ?? []).map((container) => ({ ...container, service_name: name, stack_name })),
  );
  const containers = merge([...placed, ...(environment.containers ?? [])], ({ uuid }) => uuid);
  const services = merge<Service>([...containers.flatMap(mentionedService), ...written], serviceKey);
  const stacks = merge<Stack>([...services.map(mentionedStack), ...(environment.stacks ?? [])], stackKey);
  return { containers, services, stacks };
}

/** Puts containers into services and services into stacks, and writes the names and uuids of the outer into the inner. */
function nestObjects({ containers, services, stacks }: Objects): DocumentObject {
  const members = Map.groupBy(containers, (container) => mentionedService(container).map(serviceKey).join());
  const stackByKey = new Map(stacks.map((stack) => [stackKey(stack), stack]));

  const wholeServices = services.map((service) => {
    const stackUuid = stackByKey.get(stackKey({ name: service.stack_name }))?.uuid ?? null;
    const place = { stack_name: service.stack_name, stack_uuid: stackUuid };
    const own = (members.get(serviceKey(service)) ?? []).map((container) => ({
      ...container,
      ...place,
      service_name: service.name,
      service_uuid: service.uuid ?? null,
    }));
    return { ...service, ...place, containers: nullIfEmpty(own) };
  });
  const servicesByStack = Map.groupBy(wholeServices, ({ stack_name }) => stackKey({ name: stack_name }));

  return {
    containers: [...wholeServices.flatMap((service) => service.containers ?? []), ...(members.get("") ?? [])],
    services: wholeServices,
    stacks: stacks.map((stack) => ({
      ...stack,
      services: nullIfEmpty(servicesByStack.get(stackKey(stack)) ?? []),
    })),
  };
}

/** The service that a container names as its own: none or one. */
function mentionedService(container: Container): Service[] {
  const { service_name: name, stack_name, service_uuid: uuid, stack_uuid } = container;
  if (!name || !stack_name) return [];
  return [{ name, stack_name, ...(uuid ? { uuid } : {}), ...(stack_uuid ? { stack_uuid } : {}) }];
}

function mentionedStack({ stack_name: name, stack_uuid: uuid }: Service): Stack {
  return uuid ? { name, uuid } : { name };
}

function serviceKey({ stack_name, name }: Service): string {
  return `${stack_name}/${name}`.toLowerCase();
}

function stackKey({ name }: Stack): string {
  return name.toLowerCase();
}

/** Merges the objects of each key. Fields of later objects replace those of earlier ones. */
function merge<Item extends DocumentObject>(items: readonly Item[], key: (item: Item) => string): Item[] {
  const byKey = new Map<string, Item>();
  for (const item of items) byKey.set(key(item), { ...byKey.get(key(item)), ...item });
  return [...byKey.values()];
}

/** Rancher writes null instead of an empty list. */
function nullIfEmpty<Item>(items: readonly Item[]): readonly Item[] | null {
  return items.length > 0 ? items : null;
}
