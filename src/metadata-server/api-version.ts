/**
 * Converts a metadata document to the form of an API version.
 *
 * Answers files are written in the newest form. Older versions refer to objects by name, put the host's address before
 * ports, and keep the case of names. The newest version lower-cases names, because Rancher compares them without case.
 */

import { byName } from "../text/by-name.ts";
import {
  changeField,
  changeFields,
  type DocumentObject,
  isObject,
  objectsIn,
  rewriteDocument,
} from "./document.ts";

/** Oldest first. `latest` is an alias of the last one. */
export const API_VERSIONS = ["2015-07-25", "2015-12-19", "2016-07-29"] as const;
export type ApiVersion = (typeof API_VERSIONS)[number];

type ReplaceList = (items: readonly unknown[]) => readonly unknown[];

/** `document` as the API version serves it. `list` replaces each list of objects. */
export function documentInVersion(
  document: DocumentObject,
  version: ApiVersion,
  list: ReplaceList,
): DocumentObject {
  if (version === "2016-07-29") return newestDocument(document, list);
  const agentIps = new Map(objectsIn(document.hosts).map((host) => [host.uuid, host.agent_ip]));
  const namesOnly = version === "2015-07-25";
  const { environments: _, ...known } = document;
  return rewriteDocument(known, {
    host: (host) => host,
    container: (container) =>
      changeField(container, "ports", (ports) => addressedPorts(ports, agentIps.get(container.host_uuid))),
    service: (service) =>
      changeFields(service, {
        links: (links) => (isObject(links) && Object.keys(links).length > 0 ? links : null),
        containers: namesOnly ? names : (containers) => containers,
      }),
    stack: (stack) => changeField(stack, "services", namesOnly ? names : (services) => services),
    list,
  });
}

function newestDocument(document: DocumentObject, list: ReplaceList): DocumentObject {
  return rewriteDocument(changeField(document, "name", lowerCased), {
    host: ({ hostId: _, ...host }) => host,
    container: (container) =>
      changeFields(container, {
        name: lowerCased,
        service_name: lowerCased,
        stack_name: lowerCased,
        ports: (ports) => (Array.isArray(ports) && ports.length > 0 ? ports.map(wildcardPort) : null),
      }),
    service: (service) =>
      changeFields(service, {
        name: lowerCased,
        stack_name: lowerCased,
        primary_service_name: lowerCased,
        sidekicks: lowerCasedList,
        links: lowerCasedKeys,
      }),
    stack: (stack) => changeField(stack, "name", lowerCased),
    list,
  });
}

function lowerCased(value: unknown): unknown {
  return typeof value === "string" ? value.toLowerCase() : value;
}

/** An empty list is null. */
function lowerCasedList(names: unknown): unknown {
  if (!Array.isArray(names)) return names;
  return names.length > 0 ? names.map(lowerCased) : null;
}

function lowerCasedKeys(links: unknown): unknown {
  if (!isObject(links)) return {};
  return byName(Object.entries(links).map(([key, alias]) => [key.toLowerCase(), alias]));
}

function names(objects: unknown): unknown {
  return Array.isArray(objects)
    ? objects.map((object) => (isObject(object) ? (object.name ?? null) : object))
    : objects;
}

/** `8000:80/tcp` -> `0.0.0.0:8000:80/tcp`; a port that already has an address stays as it is. */
function wildcardPort(port: unknown): unknown {
  return typeof port === "string" && port.split(":").length < 3 ? `0.0.0.0:${port}` : port;
}

/** `8000:80/tcp` and `0.0.0.0:8000:80/tcp` -> `<agent ip>:8000:80/tcp`; a container without ports gets an empty list. */
function addressedPorts(ports: unknown, agentIp: unknown): unknown {
  if (!Array.isArray(ports)) return [];
  if (typeof agentIp !== "string") return ports;
  return ports
    .map(wildcardPort)
    .map((port) => (typeof port === "string" ? port.replace(/^0\.0\.0\.0:/, `${agentIp}:`) : port));
}
