/**
 * One metadata document in the dialect of each API version.
 *
 * Documents are written in the newest form. Going back, references become names, ports name the host's address
 * and names keep the author's case; the newest version lower-cases names, because Rancher compares them so.
 */
import { changeField, changeFields, type Fields, isFields, objectsIn, rewriteDocument } from "./document.ts";

/** Oldest first. `latest` is another word for the last. */
export const API_VERSIONS = ["2015-07-25", "2015-12-19", "2016-07-29"] as const;
export type ApiVersion = (typeof API_VERSIONS)[number];

type ReplaceList = (items: readonly unknown[]) => readonly unknown[];

/** `document` as API version `version` serves it, each list of objects passed through `list`. */
export function documentInVersion(document: Fields, version: ApiVersion, list: ReplaceList): Fields {
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
        links: (links) => (isFields(links) && Object.keys(links).length > 0 ? links : null),
        containers: namesOnly ? names : (containers) => containers,
      }),
    stack: (stack) => changeField(stack, "services", namesOnly ? names : (services) => services),
    list,
  });
}

function newestDocument(document: Fields, list: ReplaceList): Fields {
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
        sidekicks: (sidekicks) => (Array.isArray(sidekicks) ? sidekicks.map(lowerCased) : sidekicks),
        links: lowerCasedKeys,
      }),
    stack: (stack) => changeField(stack, "name", lowerCased),
    list,
  });
}

function lowerCased(value: unknown): unknown {
  return typeof value === "string" ? value.toLowerCase() : value;
}

function lowerCasedKeys(links: unknown): unknown {
  if (!isFields(links)) return {};
  return Object.fromEntries(Object.entries(links).map(([key, alias]) => [key.toLowerCase(), alias]));
}

function names(objects: unknown): unknown {
  return Array.isArray(objects)
    ? objects.map((object) => (isFields(object) ? (object.name ?? null) : object))
    : objects;
}

/** `8000:80/tcp` -> `0.0.0.0:8000:80/tcp`; what names an address already is left as it is. */
function wildcardPort(port: unknown): unknown {
  return typeof port === "string" && port.split(":").length < 3 ? `0.0.0.0:${port}` : port;
}

/** `8000:80/tcp` and `0.0.0.0:8000:80/tcp` -> `<agent ip>:8000:80/tcp`; no ports is an empty list here. */
function addressedPorts(ports: unknown, agentIp: unknown): unknown {
  if (!Array.isArray(ports)) return [];
  if (typeof agentIp !== "string") return ports;
  return ports
    .map(wildcardPort)
    .map((port) => (typeof port === "string" ? port.replace(/^0\.0\.0\.0:/, `${agentIp}:`) : port));
}
