/**
 * A metadata document as plain data, and the places in it where hosts, containers, services and stacks occur.
 *
 * The same container stands in three places and more, so whatever changes containers must know all of them.
 * Nothing is assumed of the fields: tests also serve documents that are wrong on purpose.
 */

/** An object of a document, whatever it is, its fields unchecked. Those named here are the ones that are read. */
export interface Fields {
  readonly [key: string]: unknown;
  readonly hosts?: unknown;
  readonly containers?: unknown;
  readonly services?: unknown;
  readonly stacks?: unknown;
  readonly uuid?: unknown;
  readonly name?: unknown;
  readonly agent_ip?: unknown;
  readonly primary_ip?: unknown;
  readonly host_uuid?: unknown;
  readonly service_name?: unknown;
  readonly service_uuid?: unknown;
  readonly stack_name?: unknown;
  readonly stack_uuid?: unknown;
}

/** What to put in place of each object, once those inside it have been replaced, and of each list of objects. */
export interface DocumentRewrite {
  readonly host: (host: Fields) => Fields;
  readonly container: (container: Fields) => Fields;
  readonly service: (service: Fields) => Fields;
  readonly stack: (stack: Fields) => Fields;
  readonly list: (items: readonly unknown[]) => readonly unknown[];
}

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The objects in a list; none where `value` is no list. */
export function objectsIn(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.filter(isFields) : [];
}

/** `fields` with one field changed; the same object where it has no such field. */
export function changeField(fields: Fields, key: string, change: (value: unknown) => unknown): Fields {
  return Object.hasOwn(fields, key) ? { ...fields, [key]: change(fields[key]) } : fields;
}

/** Rewrites every host, container, service and stack of a document, wherever it stands. */
export function rewriteDocument(document: Fields, rewrite: DocumentRewrite): Fields {
  const one = (change: (fields: Fields) => Fields) => (value: unknown) =>
    isFields(value) ? change(value) : value;
  const each = (change: (fields: Fields) => Fields) => (value: unknown) =>
    Array.isArray(value) ? rewrite.list(value.map(one(change))) : value;

  const service = (fields: Fields) =>
    rewrite.service(changeField(fields, "containers", each(rewrite.container)));
  const stack = (fields: Fields) => rewrite.stack(changeField(fields, "services", each(service)));
  const self = (fields: Fields) =>
    changeFields(fields, {
      host: one(rewrite.host),
      container: one(rewrite.container),
      service: one(service),
      stack: one(stack),
    });

  return changeFields(document, {
    hosts: each(rewrite.host),
    containers: each(rewrite.container),
    services: each(service),
    stacks: each(stack),
    self: one(self),
  });
}

/** `changeField` for several fields: what to do with each, by its name. */
export function changeFields(
  fields: Fields,
  changes: Readonly<Record<string, (value: unknown) => unknown>>,
): Fields {
  return Object.entries(changes).reduce(
    (changed, [key, change]) => changeField(changed, key, change),
    fields,
  );
}
