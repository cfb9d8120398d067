/**
 * A metadata document as plain data, and every place in it that holds hosts, containers, services or stacks.
 *
 * A document repeats each container in three or more places, so a change must reach all of them. No field is checked,
 * because tests also serve documents that are wrong on purpose.
 */

/** Any object of a document, with unchecked fields. The named fields are those that the server reads. */
export interface DocumentObject {
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

/** Replaces each object and each list of objects. Objects inside another one are replaced first. */
export interface DocumentRewrite {
  readonly host: (host: DocumentObject) => DocumentObject;
  readonly container: (container: DocumentObject) => DocumentObject;
  readonly service: (service: DocumentObject) => DocumentObject;
  readonly stack: (stack: DocumentObject) => DocumentObject;
  readonly list: (items: readonly unknown[]) => readonly unknown[];
}

export function isObject(value: unknown): value is DocumentObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The objects of a list. Empty if `value` is not a list. */
export function objectsIn(value: unknown): readonly DocumentObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** A copy of `object` with one field changed, or `object` itself if it has no such field. */
export function changeField(
  object: DocumentObject,
  key: string,
  change: (value: unknown) => unknown,
): DocumentObject {
  return Object.hasOwn(object, key) ? { ...object, [key]: change(object[key]) } : object;
}

/** Rewrites every host, container, service and stack in every place of a document. */
export function rewriteDocument(document: DocumentObject, rewrite: DocumentRewrite): DocumentObject {
  const one = (change: (object: DocumentObject) => DocumentObject) => (value: unknown) =>
    isObject(value) ? change(value) : value;
  const each = (change: (object: DocumentObject) => DocumentObject) => (value: unknown) =>
    Array.isArray(value) ? rewrite.list(value.map(one(change))) : value;

  const service = (object: DocumentObject) =>
    rewrite.service(changeField(object, "containers", each(rewrite.container)));
  const stack = (object: DocumentObject) => rewrite.stack(changeField(object, "services", each(service)));
  const self = (object: DocumentObject) =>
    changeFields(object, {
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

/** Changes several fields, as `changeField` does. `changes` is keyed by field. */
export function changeFields(
  object: DocumentObject,
  changes: Readonly<Record<string, (value: unknown) => unknown>>,
): DocumentObject {
  return Object.entries(changes).reduce(
    (changed, [key, change]) => changeField(changed, key, change),
    object,
  );
}
