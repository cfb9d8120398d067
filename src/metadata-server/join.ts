/**
 * Containers, services and stacks in every place where Rancher repeats them.
 *
 * Rancher shows a container at the top, under its service and under its stack. An author writes it in any one of
 * these, and the others follow. What is written in several places is one object: its fields add up, and those of
 * the outermost list win. A service is known by stack and name, because its sidekicks share its uuid.
 */
import type { Fields } from "./document.ts";
import type { Environment } from "./environment.ts";

type Container = NonNullable<Environment["containers"]>[number];
interface Service extends Fields {
  readonly name: string;
  readonly stack_name: string;
}
interface Stack extends Fields {
  readonly name: string;
}
interface Objects {
  readonly containers: readonly Container[];
  readonly services: readonly Service[];
  readonly stacks: readonly Stack[];
}

/** The environment's whole document, but for `self` and `version`. */
export function joinPlaces(environment: Environment): Fields {
  const { self: _, ...written } = environment;
  return { environments: null, networks: [], ...written, ...nest(gather(environment)) };
}

/** Each object once, wherever it was written, with the services and stacks that others only mention. */
function gather(environment: Environment): Objects {
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

/** Puts containers into services and services into stacks, and tells each where it belongs. */
function nest({ containers, services, stacks }: Objects): Fields {
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

/** The service that a container says it belongs to: none, or one. */
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

/** One object a key: fields of later ones are laid over those of earlier ones. */
function merge<Item extends Fields>(items: readonly Item[], key: (item: Item) => string): Item[] {
  const byKey = new Map<string, Item>();
  for (const item of items) byKey.set(key(item), { ...byKey.get(key(item)), ...item });
  return [...byKey.values()];
}

/** Rancher writes null for a list without members. */
function nullIfEmpty<Item>(items: readonly Item[]): readonly Item[] | null {
  return items.length > 0 ? items : null;
}
