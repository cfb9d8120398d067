/** Reads and changes the addresses of the current network namespace with iproute2. */
import { ExecaError, execa } from "execa";
import { AgentError } from "../../errors.ts";
import type { HostNetwork } from "../host-network.ts";
import { parseDefaultRoute, parseLinks, parseRoute, type Route } from "../ip-json.ts";

const TIMEOUT_MS = 5_000;

/** @throws {AgentError} NETWORK_UNREADABLE where iproute2 is absent, hangs, or prints something unexpected. */
export async function readNetwork(): Promise<HostNetwork> {
  const [interfaces, ipv4, ipv6] = await Promise.all([
    ip(["address", "show"], parseLinks),
    ip(["-4", "route", "show", "default"], parseDefaultRoute),
    ip(["-6", "route", "show", "default"], parseDefaultRoute),
  ]);
  return {
    interfaces,
    defaultRoute: { ...(ipv4 && { ipv4 }), ...(ipv6 && { ipv6 }) },
  };
}

/** How the kernel routes an address. Never rejects. */
export async function findRoute(address: string): Promise<Route> {
  try {
    const args = ["-json", "route", "get", address];
    const { stdout } = await execa("ip", args, { timeout: TIMEOUT_MS, env: { LC_ALL: "C" } });
    return parseRoute(JSON.parse(stdout));
  } catch (error) {
    const words = error instanceof ExecaError ? String(error.stderr) : "";
    return { kind: /unreachable|No route to host/.test(words) ? "none" : "unknown" };
  }
}

/** Every place on this host that has one of `addresses`. */
export async function findAddresses(
  addresses: ReadonlySet<string>,
): Promise<{ interface: string; address: string; prefix: number }[]> {
  const links = await ip(["address", "show"], parseLinks);
  return links.flatMap((link) =>
    link.addresses
      .filter(({ address }) => addresses.has(address))
      .map(({ address, prefix }) => ({ interface: link.name, address, prefix })),
  );
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
  try {
    const { stdout } = await execa("ip", ["-json", ...args], { timeout: TIMEOUT_MS, env: { LC_ALL: "C" } });
    return parse(stdout.trim() === "" ? [] : JSON.parse(stdout));
  } catch (error) {
    throw new AgentError("NETWORK_UNREADABLE", `\`ip ${args.join(" ")}\` gave no usable answer`, {
      cause: error,
    });
  }
}
