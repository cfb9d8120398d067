/** Reads and changes the addresses of the current network namespace with iproute2. */
import { env } from "node:process";
import { execa } from "execa";
import { AgentError } from "../../errors.ts";
import { bareEnvironment } from "../../system/child-command.ts";
import { runProgram } from "../../system/io/run-program.ts";
import { type Family, isIpv6 } from "../address.ts";
import { type HostNetwork, type ObservedAddresses, observeIn } from "../host-network.ts";
import { hasOnlyUsualRules, parseDefaultRoute, parseLinks, parseRoute, type Route } from "../ip-json.ts";
import { isContainerBridge } from "../shared-address.ts";

const TIMEOUT_MS = 5_000;
/** Enough for 20,000 addresses. */
const MAX_BYTES = 16 * 1024 * 1024;

/**
 * @param metadataAddress that of the metadata service, if there is one: its route tells which bridge leads to containers.
 * @throws {AgentError} NETWORK_UNREADABLE where iproute2 is absent, hangs, or prints something unexpected.
 */
export async function readNetwork(metadataAddress?: string): Promise<HostNetwork> {
  const [[links, ipv4, toMetadata], ipv6] = await Promise.all([
    readInOne(metadataAddress),
    ip(["-6", "route", "show", "default"], parseDefaultRoute),
  ]);
  const metadataLink = toMetadata?.kind === "direct" ? toMetadata.link : undefined;
  const interfaces = links.map((link) =>
    isContainerBridge(link, metadataLink, [ipv4, ipv6]) ? { ...link, isForContainers: true } : link,
  );
  return {
    interfaces,
    defaultRoute: { ...(ipv4 && { ipv4 }), ...(ipv6 && { ipv6 }) },
  };
}

/**
 * What one process can read: only options of `ip` tell the family of routes. It prints a line for each line of a batch, and stops
 * at the first that fails. There may be no route, so that is the last.
 */
async function readInOne(metadataAddress: string | undefined) {
  const queries = ["address show", "route show default"];
  if (metadataAddress !== undefined) queries.push(`route get ${metadataAddress}`);
  const result = await runIp(["-details", "-json", "-batch", "-"], queries.join("\n"));
  const [links = "", ipv4 = "", route = ""] = result.stdout.split("\n");
  try {
    const isWithoutRoute = metadataAddress !== undefined && result.exitCode === 1 && route === "";
    if (result.failure !== undefined && !isWithoutRoute) throw result.failure;
    return [
      parseLinks(JSON.parse(links)),
      parseDefaultRoute(JSON.parse(ipv4)),
      route === "" ? undefined : parseRoute(JSON.parse(route)),
    ] as const;
  } catch (cause) {
    throw new AgentError("NETWORK_UNREADABLE", "`ip -batch` gave no usable answer", { cause });
  }
}

/** How the kernel routes an address. Never rejects. */
export async function findRoute(address: string): Promise<Route> {
  const { failure, stdout, stderr } = await runIp(["-json", "route", "get", address]);
  try {
    if (failure === undefined) return parseRoute(JSON.parse(stdout));
  } catch {
    // not what `ip` prints
  }
  return { kind: /unreachable|No route to host/.test(stderr) ? "none" : "unknown" };
}

/**
 * Whether packets that this host forwards may take other routes than its own packets. Never rejects: in doubt the
 * answer is yes.
 */
export async function mayRouteByPolicy(family: Family = "ipv4"): Promise<boolean> {
  return ip([family === "ipv4" ? "-4" : "-6", "rule", "show"], hasOnlyUsualRules).then(
    (isUsual) => !isUsual,
    () => true,
  );
}

/**
 * Every place on this host that has one of `addresses`, but for the loopback interface: keepalived puts no VIP there, so
 * an operator did, as for LVS with direct routing.
 */
export async function findAddresses(
  addresses: ReadonlySet<string>,
): Promise<{ interface: string; address: string; prefix: number }[]> {
  const links = await ip(["address", "show"], parseLinks);
  return links.flatMap(({ isLoopback, ...link }) =>
    link.addresses
      .filter(({ address }) => !isLoopback && addresses.has(address))
      .map(({ address, prefix }) => ({ interface: link.name, address, prefix })),
  );
}

/** As {@link observeIn}, by a reading of now. @throws {AgentError} NETWORK_UNREADABLE */
export async function observeAddresses(addresses: ReadonlySet<string>): Promise<ObservedAddresses> {
  return observeIn(await ip(["address", "show"], parseLinks), addresses);
}

/** An address with its interface and its prefix length. */
export interface LocalVip {
  readonly interface: string;
  readonly address: string;
  readonly prefix: number;
}

/**
 * Adds an address to an interface, as keepalived adds a VIP. Never rejects.
 *
 * @returns why the kernel refuses it; undefined where it is there now.
 */
export async function addAddress(local: LocalVip): Promise<string | undefined> {
  const address = `${local.address}/${local.prefix}`;
  // deprecated: this host must not use it as the source of its own connections
  const options = isIpv6(local.address)
    ? ["nodad", ...(local.prefix === 128 ? ["preferred_lft", "0"] : [])]
    : [];
  const { exitCode, stderr } = await execa(
    "ip",
    ["address", "add", address, "dev", local.interface, ...options],
    { reject: false, timeout: TIMEOUT_MS, ...bareEnvironment(env) },
  );
  if (exitCode === 0 || stderr.includes("File exists") || stderr.includes("already assigned"))
    return undefined;
  return stderr.trim().split("\n", 1)[0] || "ip did not answer in time";
}

/** Removes an address from an interface, if it is there. @throws {AgentError} ADDRESS_STUCK */
export async function deleteAddress(local: {
  interface: string;
  address: string;
  prefix: number;
}): Promise<void> {
  const address = `${local.address}/${local.prefix}`;
  const result = await execa("ip", ["address", "del", address, "dev", local.interface], {
    reject: false,
    timeout: TIMEOUT_MS,
    ...bareEnvironment(env),
  });
  if (result.exitCode === 0) return;
  // kernels differ in their words for an address that is not there, so the addresses are read
  const left = await findAddresses(new Set([local.address]));
  if (!left.some((other) => other.interface === local.interface)) return;
  throw new AgentError("ADDRESS_STUCK", `${address} cannot be taken off ${local.interface}`, {
    cause: result,
  });
}

async function ip<T>(args: readonly string[], parse: (json: unknown) => T): Promise<T> {
  const result = await runIp(["-json", ...args]);
  try {
    if (result.failure !== undefined) throw result.failure;
    return parse(result.stdout.trim() === "" ? [] : JSON.parse(result.stdout));
  } catch (error) {
    throw new AgentError("NETWORK_UNREADABLE", `\`ip ${args.join(" ")}\` gave no usable answer`, {
      cause: error,
    });
  }
}

async function runIp(args: readonly string[], input?: string) {
  const result = await runProgram("ip", args, {
    ...bareEnvironment(env),
    ...(input !== undefined && { input }),
    timeoutMs: TIMEOUT_MS,
    maxBytes: MAX_BYTES,
  });
  const { exitCode, stderr, killedBy, code } = result;
  const isSuccess = exitCode === 0 && killedBy === undefined;
  const said = killedBy ?? code ?? `exit status ${exitCode}: ${stderr}`;
  return { ...result, failure: isSuccess ? undefined : new Error(said) };
}
