/**
 * When an agent reads metadata, as src/metadata/io/poll.ts and metadata.ts have it: at once when something is new, twice
 * a second at most, later after a failure. The reading and what becomes of it are the agent's own code.
 */
import { AgentError } from "../../src/errors.ts";
import { readSnapshot } from "../../src/metadata/io/read-snapshot.ts";
import type { MetadataStore } from "../../src/metadata/io/store.ts";
import { memberAddresses } from "../../src/metadata/members.ts";
import { createBackoff } from "../../src/system/backoff.ts";
import type { Chance } from "./chance.ts";
import type { ProcessClock } from "./clock.ts";
import type { MetadataService } from "./rancher.ts";

const READ_GAP_MS = 500;
const ANSWER_TIMEOUT_MS = 2_000;
/** A neighbour that does not answer ARP is given up after 3 s. */
const ASK_MS = 3_500;
/** For all that a reading asks. */
const READ_MS = { lowest: 20, highest: 150 };

export interface MetadataReaderOptions {
  readonly clock: ProcessClock;
  readonly chance: Chance;
  readonly service: MetadataService;
  readonly store: MetadataStore;
  readonly hostName: string;
  readonly readAddresses: () => readonly string[];
  /** Members whose hosts are read, too, whatever the service lists. */
  readonly memberUuids: () => readonly string[];
  /** Whether the host at this address runs VRRP, or does not tell (src/wire/io/vrrp-probe.ts). */
  readonly mayRunVrrp: (address: string) => boolean;
  /** Has the store note which members are heard now. */
  readonly noteHeard: () => void;
  readonly onChange: () => void;
  readonly onLine: (text: string) => void;
}

export class MetadataReader {
  readonly #options: MetadataReaderOptions;
  readonly #backoff = createBackoff({ firstMs: 1_000, longestMs: 30_000, random: () => 0.5 });
  #seen = "";
  #lastReadMs = Number.NEGATIVE_INFINITY;
  #isPlanned = false;

  constructor(options: MetadataReaderOptions) {
    this.#options = options;
  }

  start(): void {
    const { service, clock } = this.#options;
    service.onChange = () => this.#plan(this.#lastReadMs + READ_GAP_MS);
    clock.in(ANSWER_TIMEOUT_MS, () => this.#fallBack());
    this.#plan(0);
  }

  #plan(atMs: number): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    const { clock, chance } = this.#options;
    clock.at(atMs, () => {
      clock.in(chance.between(READ_MS.lowest, READ_MS.highest), () => this.#read());
    });
  }

  async #read(): Promise<void> {
    const { service, store, clock, hostName, readAddresses, memberUuids, onChange, onLine } = this.#options;
    this.#isPlanned = false;
    this.#lastReadMs = clock.nowMs;
    const before = store.liveSnapshot;
    try {
      const { foundBy, wrongSelfHost, ...snapshot } = await readSnapshot(service.get, {
        version: service.version,
        readIdentity: async () => ({
          hostName,
          addresses: readAddresses(),
          rememberedHostUuid: store.rememberedHostUuid,
        }),
        service: { stackName: "lb", serviceName: "keepalived" },
        verifiedHostUuid: before?.self.uuid,
        memberUuids: memberUuids(),
      });
      if (before?.self.uuid !== snapshot.self.uuid) onLine(`is ${snapshot.self.name} by ${foundBy}`);
      this.#seen = snapshot.version;
      this.#backoff.reset();
      this.#options.noteHeard();
      const againMs = store.addReading(snapshot, clock.nowMs);
      if (againMs !== undefined) clock.at(againMs, () => this.#plan(this.#lastReadMs + READ_GAP_MS));
      onChange();
      this.#askMissing();
      await store.save().catch(() => undefined);
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      onLine(`${error.code}: ${error.message}`);
      this.#fallBack();
      this.#plan(clock.nowMs + this.#backoff.nextMs());
    }
    if (this.#seen !== service.version) this.#plan(this.#lastReadMs + READ_GAP_MS);
  }

  /** As src/metadata/io/ask-missing.ts does; the answers come after some seconds. */
  #askMissing(): void {
    const { clock, store, mayRunVrrp, onChange } = this.#options;
    const asked = store.membersToAsk(clock.nowMs);
    if (asked.length === 0) return;
    clock.in(ASK_MS, () => {
      const stopped = asked.filter((member) => !memberAddresses(member).some(mayRunVrrp));
      store.dropStopped(new Set(stopped.map(({ hostUuid }) => hostUuid)), clock.nowMs);
      if (stopped.length === 0) return;
      onChange();
      void store.save().catch(() => undefined);
    });
  }

  #fallBack(): void {
    const { store, onChange } = this.#options;
    store.useLastGood();
    if (store.view?.origin !== "live") onChange();
  }
}
