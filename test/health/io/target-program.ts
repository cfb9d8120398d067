/**
 * An agent that does nothing but probe the targets of published ports, in the network namespace that it is started in.
 *
 * Argument: the questions as JSON. Each line on stdin is a probe, answered with its outcome as one line of JSON.
 */
import { createInterface } from "node:readline";
import { pino } from "pino";
import { createHealthProbe } from "../../../src/health/io/probe.ts";
import { NO_LEGACY_MONITOR } from "../../../src/iptables/io/legacy-monitor.ts";
import { openNatReader } from "../../../src/iptables/io/nat-reader.ts";
import { openNftMonitor } from "../../../src/iptables/io/nft-monitor.ts";
import { createMetadataStore } from "../../../src/metadata/io/store.ts";
import { openStateDir } from "../../../src/system/io/state-dir.ts";

const [questionsText = "[]", stateDir = ""] = process.argv.slice(2);
const questions = JSON.parse(questionsText);
const stop = new AbortController();
const { signal } = stop;
const log = pino({ level: "warn" }, process.stderr);
const nftChanges = openNftMonitor({ onChange: () => undefined, log, signal });
const common = { backend: "auto", timeoutMs: 5_000, changes: nftChanges, log, signal } as const;
const natReaders = {
  ipv4: openNatReader({ ...common, family: "ipv4" }),
  ipv6: openNatReader({ ...common, family: "ipv6" }),
};
const metadata = await createMetadataStore(await openStateDir(stateDir), 0);
const legacyChanges = NO_LEGACY_MONITOR;
const probe = createHealthProbe({
  natReaders,
  nftChanges,
  legacyChanges,
  metadata,
  client: undefined,
  log,
  signal,
});

const lines = createInterface({ input: process.stdin });
lines.on("line", async () => {
  const outcome = await probe({ kind: "target", questions }, 500, signal);
  process.stdout.write(`${JSON.stringify(outcome)}\n`);
});
lines.once("close", () => stop.abort());
