/** Metadata services that go wrong: what begins a fault resolves with what ends it. */
import { fileURLToPath } from "node:url";
import { Child } from "../lab/child.ts";
import type { Host } from "../lab/host.ts";
import type { Lab } from "../lab/lab.ts";
import type { MetadataDocument } from "../lab/metadata-document.ts";
import { METADATA_ADDRESS } from "../lab/topology.ts";

const GARBAGE = fileURLToPath(new URL("../garbage-program.ts", import.meta.url));

/** The host's metadata service answers everything in one wrong way, a mode of garbage-program.ts. */
export async function garble(lab: Lab, host: Host, mode: string): Promise<() => Promise<void>> {
  await lab.metadata.down([host.name]);
  const server = new Child({
    namespace: host.containerNamespace,
    name: `the garbled metadata service of ${host.name}`,
    command: [process.execPath, GARBAGE, mode, METADATA_ADDRESS, "80"],
  });
  await server.log.first((line) => (line === "listening" ? line : undefined), { timeoutMs: 120_000 });
  return async () => {
    await server.end("SIGKILL");
    await lab.metadata.up([host.name]);
  };
}

/** The host's metadata service tells something else than the others', whose document stays as it is. */
export async function mislead(
  lab: Lab,
  host: Host,
  change: (document: MetadataDocument) => void,
  selfOf?: string,
): Promise<() => Promise<void>> {
  const { document } = lab.metadata;
  const truth = structuredClone(document);
  const only = [host.name];
  lab.metadata.publish(change, selfOf === undefined ? { only } : { only, selfOf });
  Object.assign(document, structuredClone(truth));
  return async () => lab.metadata.publish(() => undefined, { only });
}
