/** Waiting until bridges carry packets: the kernel may take a second to notice a new cable. */
import { run } from "./command.ts";
import { until } from "./until.ts";

interface BridgePort {
  readonly linkinfo?: { readonly info_slave_data?: { readonly state?: string } };
}

/** Resolves when all bridge ports in the namespaces forward. */
export async function awaitForwarding(namespaces: readonly string[]): Promise<void> {
  const waits = namespaces.map((name) =>
    until(() => allPortsForward(name), 120_000, `the bridge in ${name} forwards`),
  );
  await Promise.all(waits);
}

async function allPortsForward(namespace: string): Promise<boolean> {
  const command = ["ip", "-n", namespace, "-json", "-details", "link", "show", "type", "bridge_slave"];
  const ports = JSON.parse(await run(command)) as BridgePort[];
  // `ip` lists an empty object for each link that is no bridge port.
  const states = ports.filter((port) => port.linkinfo).map((port) => port.linkinfo?.info_slave_data?.state);
  return states.length > 0 && states.every((state) => state === "forwarding");
}
