/** Checks the host before anything starts, and in parallel to keepalived while it finds a problem. */

import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { readFilterTables } from "../../iptables/io/filter-tables.ts";
import { readKeepalivedVersion } from "../../keepalived/io/version.ts";
import type { MetadataStore } from "../../metadata/io/store.ts";
import { literalAddress } from "../../metadata/service-address.ts";
import { familyOf } from "../../network/address.ts";
import { withoutAddresses } from "../../network/host-network.ts";
import { findRoute, readNetwork } from "../../network/io/iproute.ts";
import { readFullTable } from "../../sending/io/explain-unsent.ts";
import type { Settings } from "../../settings/settings.ts";
import type { StatusStore } from "../../status/io/store.ts";
import type { Status } from "../../status/status.ts";
import { missingCapabilities } from "../../system/capabilities.ts";
import { isFirstNetwork, readDockerId, readProcStatus, readSysctl } from "../../system/io/proc.ts";
import { missingPrograms } from "../../system/io/programs.ts";
import type { Report } from "../../system/report.ts";
import { type HostFacts, judgeHost, judgeRequirements, NEEDED_PROGRAMS } from "../findings.ts";
import { deriveHostNotes } from "../notes.ts";

/** The first inspection waits at most this long for the first configuration: it needs to know the peers. */
const FIRST_WAIT_MS = 5_000;
const POLL_MS = 500;
/** Pause between inspections, while there is a problem or no group is known. */
const REPEAT_MS = 60_000;

/** Takes a few system calls and starts no process. @throws {AgentError} CAPABILITY_MISSING, PROGRAM_MISSING */
export function assertRequirements(): void {
  const refusal = judgeRequirements({
    missingCapabilities: missingCapabilities(readProcStatus()),
    missingPrograms: missingPrograms(NEEDED_PROGRAMS),
  });
  if (refusal !== undefined) throw refusal;
}

export interface PreflightOptions {
  readonly settings: Settings;
  readonly store: StatusStore;
  readonly metadata: MetadataStore;
  /** The VIPs that this host may have on an interface. */
  readonly vips: () => ReadonlySet<string>;
  readonly report: Report;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Reports the problems of the host, and repeats while there are any. Resolves at the first inspection without one. */
export async function runPreflight(options: PreflightOptions): Promise<void> {
  const { store, report, log, signal } = options;
  const pause = (ms: number) => sleep(ms, undefined, { signal }).catch(() => undefined);
  const deadlineMs = performance.now() + FIRST_WAIT_MS;
  while (!signal.aborted && store.status.instances.length === 0 && performance.now() < deadlineMs) {
    await pause(POLL_MS);
  }
  let isLogged = false;
  while (!signal.aborted) {
    try {
      const facts = await readFacts(options);
      if (signal.aborted) return;
      const findings = judgeHost(facts);
      report.problems(findings);
      const areGroupsKnown = facts.groups.length > 0;
      if (areGroupsKnown && !isLogged) {
        log.info(
          { keepalived: facts.keepalivedVersion, notes: notesOn(facts, store.status) },
          "host inspected",
        );
        isLogged = true;
      }
      if (areGroupsKnown && findings.length === 0) return;
    } catch (err) {
      log.warn({ err }, "host could not be inspected"); // it tries again
    }
    await pause(REPEAT_MS);
  }
}

function notesOn(facts: HostFacts, { scheduling, gate, vipLease: lease }: Status): string[] {
  return deriveHostNotes({
    ...facts,
    scheduling,
    gate,
    lease,
    missingCapabilities: missingCapabilities(readProcStatus()),
    sysctl: readSysctl,
    network: facts.signs?.network,
  });
}

async function readFacts(options: PreflightOptions): Promise<HostFacts> {
  const { settings, store, metadata, vips, signal } = options;
  const { instances: groups, health } = store.status;
  const families = new Set([
    "ipv4" as const,
    ...groups.flatMap(({ vips }) => vips.slice(0, 1).map(familyOf)),
  ]);
  const filters = await readFilterTables([...families], signal);
  const network = await readNetwork().catch(() => undefined);
  return {
    keepalivedVersion: await readKeepalivedVersion(signal),
    missingPrograms: missingPrograms(["ip", "perl"]),
    signs: network && {
      network: withoutAddresses(network, vips()),
      isInContainer: (await readDockerId()) !== undefined,
      isFirstNetwork: isFirstNetwork(),
      agentIp: metadata.view?.snapshot.self.agentIp,
    },
    metadataRoute: await readMetadataRoute(settings.agent.metadataUrl, store.status),
    filters,
    groups,
    fullTable: readFullTable(),
    hasPortCheck: health.some(({ checks }) => checks.some(({ name }) => name === "ports")),
    iptablesBackend: settings.agent.iptablesBackend,
  };
}

async function readMetadataRoute(
  url: string | undefined,
  { metadata }: Status,
): Promise<HostFacts["metadataRoute"]> {
  if (url === undefined || metadata.source === "live") return undefined;
  const address = literalAddress(url);
  return address === undefined ? undefined : { address, route: await findRoute(address) };
}
