/** Tables that packets meet before the nat tables: marks, drops, and packets without connection tracking. */
import { expect, it } from "vitest";
import { earlierTablesIn, type NatReads } from "../../src/iptables/table-read.ts";
import type { PortQuestion } from "../../src/ports/published-port.ts";
import { judgePorts } from "../../src/ports/published-ports.ts";
import { EARLIER_RULES, type EarlierRules, saveOfAll } from "./earlier-tables.ts";
import { VIP } from "./foreign-rules.ts";

const QUESTION: PortQuestion = { protocol: "tcp", port: 80, address: VIP, interface: "eth0" };

function judge(rules: Omit<EarlierRules, "is">, beside: NatReads["earlier"] = []) {
  const text = saveOfAll({ ...rules, is: "healthy" });
  const earlier = [...earlierTablesIn(text), ...beside];
  const { ports } = judgePorts({ nft: { kind: "absent" }, legacy: { kind: "table", text }, earlier }, [
    QUESTION,
  ]);
  return ports[0];
}

it.each(EARLIER_RULES)("raw $raw, mangle $mangle, nat $nat: $is", ({ is, ...rules }) => {
  expect(judge(rules)?.verdict).toBe(is);
});

it("names the table of the rule that decides", () => {
  expect(judge({ raw: ["-i eth0 -j DROP"] })).toMatchObject({
    reason: "chain-not-hooked",
    detail: "decided by -t raw -A PREROUTING -i eth0 -j DROP",
  });
  expect(judge({ mangle: [":PREROUTING DROP [0:0]"] })?.detail).toBe(
    "decided by -t mangle -P PREROUTING DROP",
  );
  expect(judge({ raw: ["-p tcp -j CT [unsupported revision]"] })?.detail).toBe(
    "cannot be read: -t raw -A PREROUTING -p tcp -j CT [unsupported revision]",
  );
});

it("tells whom a firewall drops beside the verdict, where that is certain", () => {
  const rules = { raw: ["-s 203.0.113.0/24 -j DROP", "-m limit --limit 5/min -j DROP"] };

  expect(judge(rules)).toMatchObject({
    verdict: "healthy",
    exceptions: ["clients of 203.0.113.0/24: -t raw -A PREROUTING -s 203.0.113.0/24 -j DROP"],
  });
});

it("names the rule that may drop everybody, and that cannot be read", () => {
  expect(judge({ mangle: ["-p tcp -m unheard --of x -j DROP"] })).toMatchObject({
    verdict: "unknown",
    reason: "chain-not-hooked",
    detail: "it depends on -t mangle -A PREROUTING -p tcp -m unheard --of x -j DROP",
  });
  expect(judge({ mangle: ["-s 198.51.100.0/24 -m unheard --of x -j DROP"] })?.exceptions).toEqual([
    "some clients of 198.51.100.0/24: -t mangle -A PREROUTING -s 198.51.100.0/24 -m unheard --of x -j DROP",
  ]);
});

it("takes no VIP for a drop by a program, or by a list that is filled in doubt", () => {
  const set = "-m limit --limit 5/min -m recent --set --name a";
  const drop = "-m recent --rcheck --name a -j DROP";

  expect(judge({ mangle: ['-p tcp -m u32 --u32 "6&0xFF=6" -j DROP'] })).toMatchObject({
    verdict: "unknown",
    isPublishedAsRead: true,
  });
  expect(judge({ mangle: [set, drop] })).toMatchObject({
    verdict: "unknown",
    detail: `it depends on -t mangle -A PREROUTING ${drop}`,
    isPublishedAsRead: true,
  });
});

it("follows targets of base chains of nft's own as the kernel does", () => {
  expect(judge({ mangle: ["-p tcp -j REJECT --reject-with tcp-reset"] })?.verdict).toBe("unhealthy");
  // the packet is tracked already
  expect(judge({ mangle: ["-p tcp -j NOTRACK"] })?.verdict).toBe("healthy");
});

it("names the undecided rule that may let clients through before they are dropped", () => {
  const accept = "-s 198.51.100.0/24 -m ttl --ttl-gt 5 -j ACCEPT";
  const drop = "-s 198.51.100.0/24 -j DROP";

  expect(judge({ raw: ["-m limit --limit 1/day -j ACCEPT", "-i eth0 -j DROP"] })).toMatchObject({
    reason: "chain-not-hooked",
    detail: "it depends on -t raw -A PREROUTING -m limit --limit 1/day -j ACCEPT",
  });
  expect(judge({ raw: [accept, drop] })?.exceptions).toEqual([
    `some clients of 198.51.100.0/24: -t raw -A PREROUTING ${accept}`,
  ]);
  // the drop alone was not decided here
  expect(judge({ raw: ["-m ttl --ttl-gt 5 -j DROP"] })).not.toHaveProperty("exceptions");
});

it("is not sure of a port whose clients are dropped in one order of two tables alone", () => {
  const marking = { raw: ["-j MARK --set-xmark 0x1/0xffffffff"] };
  const dropping = { raw: ["-m mark --mark 0x1 -j DROP"] };
  const rawOf = (rules: Omit<EarlierRules, "is">) =>
    earlierTablesIn(saveOfAll({ ...rules, is: "healthy" })).slice(0, 1);

  for (const found of [judge(marking, rawOf(dropping)), judge(dropping, rawOf(marking))]) {
    expect(found).toMatchObject({
      verdict: "unknown",
      detail: "it depends on -t raw -A PREROUTING -m mark --mark 0x1 -j DROP",
    });
  }
  expect(judge({ raw: ["-j DROP"] }, rawOf(marking))?.verdict).toBe("unhealthy");
});

it("follows neither of two tables of the same priority first", () => {
  const marking = (mark: string) => ({ raw: [`-j MARK --set-xmark ${mark}/0xffffffff`] });
  const beside = (mark: string) =>
    earlierTablesIn(saveOfAll({ ...marking(mark), is: "healthy" })).slice(0, 1);
  const asking = { ...marking("0x1"), nat: ["-m mark --mark 0x1 -j ACCEPT"] };

  expect(judge(asking, beside("0x2"))?.verdict).toBe("unknown");
  expect(judge(asking, beside("0x1"))?.verdict).toBe("unhealthy");
});

it("takes a list that raw fills for one with any client in the nat table", () => {
  const nat = ["-m recent --rcheck --name seen --rsource -j ACCEPT"];

  expect(judge({ raw: ["-p udp -m recent --set --name seen --rsource"], nat })?.verdict).toBe("unknown");
  expect(judge({ raw: ["-m recent --set --name other --rsource"], nat })?.verdict).toBe("healthy");
});

it("is not stopped by a text that holds no such table", () => {
  const text = saveOfAll({ is: "healthy" }).replaceAll("*raw", "*other");
  const earlier = [...earlierTablesIn(text), { name: "raw", priority: -300, text: "" } as const];
  const reads: NatReads = { nft: { kind: "table", text }, legacy: { kind: "absent" }, earlier };

  expect(judgePorts(reads, [QUESTION]).verdict).toBe("healthy");
});

it("is not sure of a port where a table before the nat table cannot be read", () => {
  const text = saveOfAll({ raw: ["-i eth0 -j DROP"], is: "healthy" });
  const cutShort = text.replace("COMMIT\n", "");
  const incompatible = saveOfAll({ is: "healthy" }).replace(
    /\*raw[\s\S]*?COMMIT\n/,
    "# Table `raw' is incompatible, use 'nft' tool.\n",
  );
  const judgeText = (save: string) =>
    judgePorts(
      { nft: { kind: "absent" }, legacy: { kind: "table", text: save }, earlier: earlierTablesIn(save) },
      [QUESTION],
    );

  expect(judgeText(cutShort)).toMatchObject({
    verdict: "unknown",
    reason: "iptables-busy",
    detail: "the save of the raw table was cut short, and clients meet it first",
  });
  expect(judgeText(incompatible)).toMatchObject({
    verdict: "unknown",
    reason: "table-incompatible",
    detail: "iptables cannot express the raw table, which clients meet first",
  });
  // what is unhealthy without them stays so
  expect(judgeText(incompatible.replace("--dport 80", "--dport 81")).verdict).toBe("unhealthy");
});

it("is not sure of a port before the tables before the nat table were read once", () => {
  const text = saveOfAll({ is: "healthy" });
  const earlier = [{ name: "raw", priority: -300, text: "", failure: "timeout" }] as const;
  const reads: NatReads = { nft: { kind: "table", text }, legacy: { kind: "absent" }, earlier };

  expect(judgePorts(reads, [QUESTION])).toMatchObject({ verdict: "unknown", reason: "timeout" });
});
