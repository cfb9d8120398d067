import { expect, it } from "vitest";
import { isLegacyInPlace, legacyRemovalText, legacyText, nftText } from "../../src/sending/notrack-text.ts";

const EMPTY = "-P PREROUTING ACCEPT\n-P OUTPUT ACCEPT\n";
const PLACED = `-P PREROUTING ACCEPT
-P OUTPUT ACCEPT
-N rancher-keepalived
-A PREROUTING -m addrtype --dst-type MULTICAST -j rancher-keepalived
-A PREROUTING -m addrtype --dst-type LOCAL -j rancher-keepalived
-A PREROUTING -p udp -j ACCEPT
-A OUTPUT -j rancher-keepalived
-A rancher-keepalived -p vrrp -j CT --notrack
`;

it.each([
  { why: "nothing is there", listing: EMPTY, want: false },
  { why: "all is there", listing: PLACED, want: true },
  { why: "the kernel says the number", listing: PLACED.replace("vrrp", "112"), want: true },
  { why: "a jump is missing", listing: PLACED.replace("-A OUTPUT -j rancher-keepalived\n", ""), want: false },
  { why: "a jump is there twice", listing: `${PLACED}-A OUTPUT -j rancher-keepalived\n`, want: false },
  {
    why: "an earlier version of the agent made it",
    listing: PLACED.replaceAll(/ -m addrtype --dst-type LOCAL/g, "").replace(/-A PRE.* MULTICAST .*\n/, ""),
    want: false,
  },
  { why: "the chain is empty", listing: PLACED.replace(/-A rancher.*\n/, ""), want: false },
  { why: "the chain has another rule", listing: `${PLACED}-A rancher-keepalived -j DROP\n`, want: false },
])("is $want where $why", ({ listing, want }) => {
  expect(isLegacyInPlace(listing)).toBe(want);
});

it("makes the chain anew, whatever was there, and leaves rules of others alone", () => {
  expect(legacyText(PLACED).split("\n")).toEqual([
    "*raw",
    ":rancher-keepalived - [0:0]",
    "-D PREROUTING -m addrtype --dst-type MULTICAST -j rancher-keepalived",
    "-D PREROUTING -m addrtype --dst-type LOCAL -j rancher-keepalived",
    "-D OUTPUT -j rancher-keepalived",
    "-I PREROUTING -m addrtype --dst-type LOCAL -j rancher-keepalived",
    "-I PREROUTING -m addrtype --dst-type MULTICAST -j rancher-keepalived",
    "-I OUTPUT -j rancher-keepalived",
    "-A rancher-keepalived -p 112 -j CT --notrack",
    "COMMIT",
    "",
  ]);
  expect(legacyRemovalText(EMPTY)).toBe("");
  expect(legacyRemovalText(PLACED)).toContain("-X rancher-keepalived");
});

it("removes the jumps of an earlier version of the agent", () => {
  const earlier = PLACED.replaceAll(/-A PREROUTING -m .*\n/g, "-A PREROUTING -j rancher-keepalived\n");
  expect(legacyText(earlier)).toContain("-D PREROUTING -j rancher-keepalived\n");
  expect(legacyRemovalText(earlier)).toContain("-D PREROUTING -j rancher-keepalived\n");
});

it("replaces the table of nft in one transaction", () => {
  const lines = nftText([51]).trim().split("\n");
  expect(lines.map((line) => line.split(" ", 2).join(" "))).toEqual([
    "add table",
    "delete table",
    "table inet",
  ]);
});
