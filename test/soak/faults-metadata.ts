/** What metadata says, and how it fails to say it. No VIP may move for any of it. */

import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Child } from "../e2e/lab/child.ts";
import { uuidOf } from "../e2e/lab/lab-ids.ts";
import { addContainer, addHost, removeHost, setLabel } from "../e2e/lab/metadata-changes.ts";
import type { MetadataDocument } from "../e2e/lab/metadata-document.ts";
import { METADATA_ADDRESS } from "../e2e/lab/topology.ts";
import { type Fault, HANDED_OVER, NOTHING_TO_UNDO, onOwner, UNNOTICED } from "./fault.ts";

const GARBAGE_PROGRAM = fileURLToPath(new URL("../e2e/garbage-program.ts", import.meta.url));
const VERSION_GAP_MS = 200;
const PRIORITY = "keepalived.priority";

export const METADATA_FAULTS: readonly Fault[] = [
  {
    name: "metadata-refused",
    areas: ["metadata"],
    lasts: [1_000, 8_000],
    allowance: () => UNNOTICED,
    strike: async ({ fleet: { lab } }) => {
      await lab.metadata.down();
      return () => lab.metadata.up();
    },
  },
  {
    name: "metadata-hangs",
    areas: ["metadata"],
    lasts: [1_000, 8_000],
    allowance: () => UNNOTICED,
    strike: async ({ fleet: { lab } }) => {
      await lab.metadata.mute();
      return () => lab.metadata.unmute();
    },
  },
  ...["500", "404", "truncated", "reset", "hang", "invalid-utf8", "wrong-types", "empty-lists", "huge"].map(
    garbled,
  ),
  {
    name: "metadata-stale",
    areas: ["metadata", "members"],
    lasts: [2_000, 8_000],
    allowance: () => UNNOTICED,
    strike: async ({ fleet: { lab }, host }) => {
      const only = lab.hosts.filter((other) => other !== host).map(({ name }) => name);
      for (const { name } of lab.hosts) {
        lab.metadata.publish((document) => setLabel(document, name, { name: PRIORITY, value: "230" }), {
          only,
        });
      }
      return async () => clearPriorities(lab.metadata.publish.bind(lab.metadata));
    },
  },
  {
    name: "version-burst",
    areas: ["members"],
    lasts: [1_000, 4_000],
    allowance: () => UNNOTICED,
    strike: async ({ fleet: { lab }, host, durationMs }) => {
      const endMs = Date.now() + durationMs;
      for (let version = 0; Date.now() < endMs; version += 1) {
        lab.metadata.publish((document) =>
          setLabel(document, host.name, { name: "version", value: String(version) }),
        );
        await sleep(VERSION_GAP_MS);
      }
      return NOTHING_TO_UNDO;
    },
  },
  {
    name: "priorities-turned",
    areas: ["members"],
    lasts: [2_000, 5_000],
    allowance: () => UNNOTICED,
    strike: async ({ fleet: { lab, owner } }) => {
      lab.metadata.publish((document) => {
        for (const { name } of lab.hosts) {
          setLabel(document, name, { name: PRIORITY, value: name === owner?.name ? "1" : "254" });
        }
      });
      return async () => clearPriorities(lab.metadata.publish.bind(lab.metadata));
    },
  },
  {
    name: "ghost-joins",
    areas: ["members"],
    lasts: [1_000, 5_000],
    allowance: () => UNNOTICED,
    strike: async ({ fleet: { lab } }) => {
      lab.metadata.publish((document) => {
        addHost(document, { name: "ghost", address: "198.51.100.150" });
        addContainer(document, "ghost");
      });
      return async () => lab.metadata.publish((document) => removeHost(document, "ghost"));
    },
  },
  {
    name: "member-missing",
    areas: ["members", "agent"],
    lasts: [500, 3_500],
    // shorter than PEER_REMOVAL_GRACE: every other host keeps it as a peer
    allowance: () => UNNOTICED,
    strike: async ({ fleet: { lab }, host }) => {
      let missing: MetadataDocument["containers"] = [];
      const isMissing = ({ host_uuid }: { host_uuid: string }) => host_uuid === uuidOf(`host ${host.name}`);
      lab.metadata.publish((document) => {
        missing = document.containers.filter(isMissing);
        document.containers = document.containers.filter((container) => !isMissing(container));
      });
      return async () => lab.metadata.publish((document) => void document.containers.push(...missing));
    },
  },
  {
    name: "host-leaves",
    areas: ["members", "agent", "keepalived", "metadata"],
    endsAgent: true,
    lasts: [1_000, 9_000],
    allowance: onOwner(HANDED_OVER),
    strike: async ({ fleet, host }) => {
      const { metadata } = fleet.lab;
      fleet.letEnd(host);
      await host.stopAgent();
      metadata.publish((document) => removeHost(document, host.name));
      return async () => {
        metadata.publish((document) => {
          addHost(document, host);
          addContainer(document, host.name);
        });
        await fleet.startAgent(host);
      };
    },
  },
];

/** The host's metadata service is replaced by one that answers everything in one wrong way. */
function garbled(mode: string): Fault {
  return {
    name: `metadata-${mode}`,
    areas: ["metadata"],
    lasts: [1_000, 6_000],
    allowance: () => UNNOTICED,
    strike: async ({ fleet: { lab }, host }) => {
      await lab.metadata.down([host.name]);
      const server = new Child({
        namespace: host.containerNamespace,
        name: `the garbled metadata service of ${host.name}`,
        command: [process.execPath, GARBAGE_PROGRAM, mode, METADATA_ADDRESS, "80"],
      });
      await server.log.first((line) => (line === "listening" ? line : undefined), { timeoutMs: 60_000 });
      return async () => {
        await server.end("SIGKILL");
        await lab.metadata.up([host.name]);
      };
    },
  };
}

function clearPriorities(publish: (change: (document: MetadataDocument) => void) => void): void {
  publish((document) => {
    for (const { name } of document.hosts) setLabel(document, name, { name: PRIORITY, value: undefined });
  });
}
