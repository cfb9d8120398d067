/** Filter tables of iptables-nft with rules of nft's own, in a network namespace that is gone with the program. */
import { execPath } from "node:process";
import { execa } from "execa";
import { expect, it } from "vitest";

const moduleOf = (name: string) =>
  JSON.stringify(new URL(`../../../src/iptables/${name}.ts`, import.meta.url).href);
const PROGRAM = `
  import { findBlocker } from ${moduleOf("filter-walk")};
  import { readFilterTables } from ${moduleOf("io/filter-tables")};
  const reads = await readFilterTables(["ipv4"], new AbortController().signal);
  const advert = { direction: "in", interface: "eth0", source: "198.51.100.12", destination: "198.51.100.11" };
  const blockers = reads.map(({ read }) => (read.kind === "table" ? findBlocker(read.text, advert) : undefined));
  console.log(JSON.stringify(blockers.find(Boolean) ?? "nothing"));`;

/** @param setup shell commands that make the rules. @returns what drops an advert. */
async function blockerWith(...setup: readonly string[]): Promise<unknown> {
  const enter = `${setup.join("; ")}; exec "$0" --input-type=module --eval "$1"`;
  const { stdout } = await execa("unshare", ["--net", "--mount", "sh", "-ec", enter, execPath, PROGRAM]);
  return JSON.parse(stdout);
}

const CHAIN = "iptables-nft -A INPUT -i lo -j ACCEPT";

it("takes no rule of nft for some protocols for one that drops every advert", async () => {
  const native =
    "nft insert rule ip filter INPUT ip protocol '{ tcp, udp }' counter packets 5 bytes 300 drop";

  expect(await blockerWith(CHAIN, native)).toBe("nothing");
  expect(await blockerWith(CHAIN, native, "iptables-nft -A INPUT -p vrrp -j DROP")).toContain(
    "-p vrrp -j DROP",
  );
});

it("takes no such rule for one that drops every advert where nft is ended before it has said more", async () => {
  const native =
    "nft insert rule ip filter INPUT ip protocol '{ tcp, udp }' counter packets 5 bytes 300 drop";
  const endNft = [
    "mount -n -t tmpfs tmpfs /mnt",
    "printf '#!/bin/sh\\nkill -KILL $$\\n' > /mnt/nft",
    "chmod 755 /mnt/nft",
    "export PATH=/mnt:$PATH",
  ];

  expect(await blockerWith(CHAIN, native, ...endNft)).toBe("nothing");
});
