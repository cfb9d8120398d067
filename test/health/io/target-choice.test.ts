/** Which targets the check asks, by what the rules say: nothing but the rules is real here, and no connection is made. */
import { expect, it } from "vitest";
import { createTargetProbe } from "../../../src/health/io/target-probe.ts";
import type { NatReads } from "../../../src/iptables/table-read.ts";
import { judgePorts } from "../../../src/ports/published-ports.ts";
import { hookedSave } from "../../fixtures/nat-saves.ts";

const QUESTIONS = [{ protocol: "tcp", port: 80, address: "192.0.2.100" }] as const;
const BUSY: NatReads = { nft: { kind: "error", reason: "iptables-busy" }, legacy: { kind: "absent" } };
const UNREAD = "*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -m unheard --of x -j DROP\nCOMMIT\n";

/** Rules that publish port 80 for this container. */
function rulesFor(container: string, raw?: string): NatReads {
  const text = hookedSave(`-p tcp -m tcp --dport 80 -j DNAT --to-destination ${container}:80`);
  const nat: NatReads = { nft: { kind: "table", text }, legacy: { kind: "absent" } };
  return raw === undefined ? nat : { ...nat, earlier: [{ name: "raw", priority: -300, text: raw }] };
}

/** A check on a host where these containers accept connections, and the others have accepted and do not any more. */
function stage(rules: NatReads, ...accepting: readonly string[]) {
  const host = { rules, accepting, unlisted: undefined as NatReads | undefined };
  const probe = createTargetProbe({
    judgePortsNow: async (questions) => ({ reads: [host.rules], judged: judgePorts(host.rules, questions) }),
    invalidateLegacy: () => {
      host.rules = host.unlisted ?? host.rules;
    },
    paths: { faultsOf: async (packets) => packets.map(() => undefined), invalidate: () => undefined },
    connections: {
      ask: async ({ address }) => ({
        phase: "known",
        outcome: host.accepting.includes(address)
          ? { sample: "healthy", reason: "accepted" }
          : { sample: "unhealthy", reason: "refused" },
      }),
    },
  });
  return { host, probe: async () => (await probe(QUESTIONS, 1_000)).reason };
}

it("asks the target behind a rule that nobody can read, from the start", async () => {
  const { probe, host } = stage(rulesFor("10.42.1.2", UNREAD), "10.42.1.2");

  expect(await probe()).toBe("80/tcp: target-accepts (10.42.1.2:80)");
  host.accepting = [];
  expect(await probe()).toBe("80/tcp: target-failed (10.42.1.2:80: refused)");
});

it("asks the new target where such a rule came before its container was replaced", async () => {
  const { probe, host } = stage(rulesFor("10.42.1.2"), "10.42.1.2");

  expect(await probe()).toBe("80/tcp: target-accepts (10.42.1.2:80)");
  host.rules = rulesFor("10.42.1.3", UNREAD);
  host.accepting = ["10.42.1.3"];
  expect(await probe()).toBe("80/tcp: target-accepts (10.42.1.3:80)");
});

it("asks the earlier target while the rules cannot be read, and none where they do not say whether the port is published", async () => {
  const { probe, host } = stage(rulesFor("10.42.1.2"), "10.42.1.2");

  await probe();
  host.rules = BUSY;
  expect(await probe()).toBe("80/tcp: target-accepts (10.42.1.2:80)");
  const unread = hookedSave("-p tcp -m tcp --dport 80 -j DNAT [unsupported revision]");
  host.rules = { nft: { kind: "table", text: unread }, legacy: { kind: "absent" } };
  host.accepting = [];
  expect(await probe()).toMatch(/^no-target/);
});

it("judges by a rewrite of legacy's rules that was not told, before the former target counts", async () => {
  const { probe, host } = stage(rulesFor("10.42.1.2"), "10.42.1.2");

  await probe();
  host.accepting = ["10.42.1.3"];
  host.unlisted = rulesFor("10.42.1.3");
  expect(await probe()).toBe("80/tcp: target-accepts (10.42.1.3:80)");
  host.accepting = [];
  expect(await probe()).toBe("80/tcp: target-failed (10.42.1.3:80: refused)");
});
