/** Kinds of value from the network: addresses, interface names, ports, endpoints and URLs. */
import * as v from "valibot";
import {
  canonicalAddress,
  endpointText,
  isHostAddress,
  isIpv6,
  type Prefixed,
  parsePrefixed,
} from "../network/address.ts";
import type { Kind } from "./value-kind.ts";

/** An address that a host can have, in canonical text. */
export const HOST_ADDRESS: Kind<string> = {
  schema: v.pipe(v.string(), v.transform(canonicalAddress), v.string(), v.check(isHostAddress)),
  allowed: "an IPv4 or IPv6 address of a host",
};

/** `any`, or an address that a host can have. */
export const ANY_OR_ADDRESS: Kind<string> = {
  schema: v.union([v.pipe(v.string(), v.toLowerCase(), v.literal("any")), HOST_ADDRESS.schema]),
  allowed: "any, or an IPv4 or IPv6 address of a host",
};

/** A host address with an optional prefix length in bits. */
export const VIRTUAL_ADDRESS: Kind<Prefixed> = {
  schema: v.pipe(
    v.string(),
    v.transform(parsePrefixed),
    v.custom<Prefixed>((parsed) => parsed !== undefined && isHostAddress((parsed as Prefixed).address)),
  ),
  allowed: "an IPv4 or IPv6 address of a host, with or without /prefix",
  show: ({ address, prefix }) => (prefix === undefined ? address : `${address}/${prefix}`),
};

export const INTERFACE_NAME: Kind<string> = {
  schema: v.pipe(v.string(), v.check(isInterfaceName)),
  allowed: "an interface name: 1-15 bytes without /, : and white space",
};

/**
 * Whether Linux accepts `name` (dev_valid_name). Linux calls isspace() on each byte as Latin-1, so it refuses the byte a0
 * even inside a UTF-8 letter: `é` is allowed, `à` is not.
 */
export function isInterfaceName(name: string): boolean {
  const bytes = new TextEncoder().encode(name);
  const isSpace = (byte: number) => byte === 0x20 || byte === 0xa0 || (byte >= 0x09 && byte <= 0x0d);
  const hasRightLength = bytes.length >= 1 && bytes.length <= 15;
  return hasRightLength && !/^\.\.?$|[/:]/.test(name) && !bytes.some(isSpace);
}

/** A port that Rancher publishes on a host. */
export interface PublishedPort {
  readonly protocol: "tcp" | "udp";
  readonly port: number;
}

export const PUBLISHED_PORT: Kind<PublishedPort> = {
  schema: v.pipe(v.string(), v.transform(publishedPortOf), v.custom<PublishedPort>(isDefined)),
  allowed: "PORT, PORT/tcp or PORT/udp",
  show: ({ port, protocol }) => `${port}/${protocol}`,
};

/** Reads `80`, `80/tcp` or `53/udp`; undefined for any other text. */
export function publishedPortOf(text: string): PublishedPort | undefined {
  const [, digits, protocol = "tcp"] = /^(\d+)(?:\/(tcp|udp))?$/.exec(text.toLowerCase()) ?? [];
  const port = parsePort(digits);
  return port === undefined ? undefined : { protocol: protocol as "tcp" | "udp", port };
}

/** Where a TCP client connects to, or a server listens. */
export interface Endpoint {
  /** Canonical address or host name. */
  readonly host: string;
  readonly port: number;
}

export const ENDPOINT: Kind<Endpoint> = {
  schema: v.pipe(v.string(), v.transform(endpointOf), v.custom<Endpoint>(isDefined)),
  allowed: "ADDRESS:PORT, with an IPv6 address in brackets",
  show: ({ host, port }) => endpointText(host, port),
};

/** Reads `127.0.0.1:80`, `[::1]:80` or `localhost:80`; undefined for any other text. */
export function endpointOf(text: string): Endpoint | undefined {
  const [, bracketed, plain = "", digits] = /^(?:\[([^\]]*)\]|([^:[\]]+)):(\d+)$/.exec(text) ?? [];
  const host = canonicalAddress(bracketed ?? plain) ?? (isHostName(plain) ? plain : undefined);
  const isInPlace = (host !== undefined && isIpv6(host)) === (bracketed !== undefined);
  const port = parsePort(digits);
  return host === undefined || port === undefined || !isInPlace ? undefined : { host, port };
}

/** The last label must start with a letter: with a number the name would be a mistyped address. */
function isHostName(text: string): boolean {
  return text.length <= 253 && /^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z]([a-z0-9-]*[a-z0-9])?$/i.test(text);
}

/** A host name in lower case. */
export const HOST_NAME: Kind<string> = {
  schema: v.pipe(v.string(), v.toLowerCase(), v.check(isHostName)),
  allowed: "a host name without a port",
};

function parsePort(digits: string | undefined): number | undefined {
  const port = Number(digits);
  return port >= 1 && port <= 65_535 ? port : undefined;
}

/** A canonical URL without user name and password, because those would end up in logs. */
export const HTTP_URL: Kind<string> = {
  schema: v.pipe(v.string(), v.transform(parseHttpUrl), v.string()),
  allowed: "an http:// or https:// URL without user name and password",
};

/** A URL to which paths are appended: it has no query and no trailing slash. */
export const BASE_URL: Kind<string> = {
  schema: v.pipe(
    HTTP_URL.schema,
    v.regex(/^[^?#]*$/),
    v.transform((url) => url.replace(/\/+$/, "")),
  ),
  allowed: "an http:// or https:// URL without user name, password and query",
};

function parseHttpUrl(text: string): string | undefined {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  return url.username === "" && url.password === "" ? url.href : undefined;
}

function isDefined(value: unknown): boolean {
  return value !== undefined;
}
