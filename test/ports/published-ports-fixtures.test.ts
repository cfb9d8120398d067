import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { judgePortsInDetail } from "../../src/ports/published-ports.ts";

const FOLDER = new URL("../fixtures/iptables/", import.meta.url);
const read = (name: string) => readFileSync(new URL(name, FOLDER), "utf8");

/** `reason` is an id, or `-> TARGET` where the port is published. */
const rows = read("expected.tsv")
  .trimEnd()
  .split("\n")
  .slice(1)
  .map((line) => {
    const [fixture = "", protocol = "", port = "", address = "", verdict = "", reason = ""] =
      line.split("\t");
    return { fixture, protocol: protocol as "tcp" | "udp", port: Number(port), address, verdict, reason };
  });

describe.each(["nft", "legacy"] as const)("saves of real rules, %s", (backend) => {
  it.each(rows)("$fixture: $protocol $port for $address is $verdict, $reason", (row) => {
    const { fixture, protocol, port, address } = row;
    const other = { kind: "absent" } as const;
    const own = { kind: "table", text: read(`${fixture}-${backend}.save`) } as const;
    const reads = backend === "nft" ? { nft: own, legacy: other } : { nft: other, legacy: own };

    const { verdict, reason, detail, unreadableRules } = judgePortsInDetail(reads, [
      { protocol, port, address },
    ]);

    const told = reason === "dnat" ? `-> ${detail}` : reason;
    expect({ verdict, told }).toEqual({ verdict: row.verdict, told: row.reason });
    expect(unreadableRules).toEqual([]);
  });
});

it("all rows of the table are there", () => {
  expect(rows).toHaveLength(240);
});
