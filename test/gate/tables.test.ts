import { describe, expect, it } from "vitest";
import {
  gateText,
  isAboutGate,
  listingTexts,
  ownerCommands,
  ownerFamilyOf,
  probeText,
  removalText,
} from "../../src/gate/tables.ts";

const VIPS = new Set(["198.51.100.101", "2001:db8::100", "198.51.100.100"]);

describe("the gate's text", () => {
  it("drops untagged requests for the VIPs of each family, and names each VIP as nft compares it", () => {
    expect(gateText(VIPS, ["arp", "ip6"])).toMatchInlineSnapshot(`
      "add table arp rancher_keepalived_gate
      delete table arp rancher_keepalived_gate
      table arp rancher_keepalived_gate { chain silence { type filter hook input priority -400; arp operation request arp daddr ip { 198.51.100.100, 198.51.100.101 } meta priority != 0x6b617601 drop; }; }
      add table ip6 rancher_keepalived_gate
      delete table ip6 rancher_keepalived_gate
      table ip6 rancher_keepalived_gate { chain silence { type filter hook input priority -400; icmpv6 type nd-neighbor-solicit @th,64,128 { 0x20010db8000000000000000000000100 } meta priority != 0x6b617601 drop; }; }
      "
    `);
  });

  it("removes the table of a family that has no VIP any more", () => {
    expect(gateText(new Set(["198.51.100.100"]), ["arp", "ip6"])).toContain(removalText("ip6"));
    expect(gateText(new Set(["198.51.100.100"]), ["arp", "ip6"])).not.toContain("icmpv6");
  });

  it("leaves out a family without owner tables, because nothing would set its tag", () => {
    expect(gateText(VIPS, ["arp"])).not.toContain("ip6");
  });

  it("is the same whatever the order of the VIPs", () => {
    expect(gateText(new Set([...VIPS].toReversed()), ["arp", "ip6"])).toBe(gateText(VIPS, ["arp", "ip6"]));
  });

  it("is listed for the families that have VIPs", () => {
    expect(listingTexts(new Set(["2001:db8::100"]), ["arp", "ip6"])).toEqual([
      "list table ip6 rancher_keepalived_gate\n",
    ]);
    expect(listingTexts(new Set(), ["arp", "ip6"])).toEqual([]);
  });
});

it("the tag is set before the gate reads it", () => {
  const priorityIn = (text: string) => Number(/priority (-?\d+)/.exec(text)?.[1]);

  for (const command of ownerCommands(["arp", "ip6"], "1f").slice(0, 2)) {
    expect(priorityIn(command)).toBeLessThan(priorityIn(gateText(VIPS, ["arp"])));
    expect(command).toContain("flags owner");
  }
});

it("the probe touches no table of a running agent", () => {
  expect(probeText("arp")).not.toMatch(/rancher_keepalived_(owner|gate)/);
});

it.each([
  { line: "table arp rancher_keepalived_owner_1f", family: "arp" },
  { line: "nft> table ip6 rancher_keepalived_owner_1f", family: "ip6" },
  { line: "table arp rancher_keepalived_owner_2e", family: undefined },
  { line: "table arp rancher_keepalived_gate", family: undefined },
  { line: "table ip nat", family: undefined },
  { line: "add table arp rancher_keepalived_owner_1f { flags owner; }", family: undefined },
])("the line $line lists the owner table of $family", ({ line, family }) => {
  expect(ownerFamilyOf(line, "1f")).toBe(family);
});

it.each([
  { line: "delete rule arp rancher_keepalived_gate silence handle 3", isAbout: true },
  { line: "add rule ip6 rancher_keepalived_owner_1f tag icmpv6 type nd-neighbor-solicit", isAbout: true },
  { line: "add rule ip nat CATTLE_PREROUTING counter", isAbout: false },
])("the event $line is about the gate: $isAbout", ({ line, isAbout }) => {
  expect(isAboutGate(line)).toBe(isAbout);
});
