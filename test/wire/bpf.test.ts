/** What the kernel's filters pass, by the rules of classic BPF. test/wire/io has them in a real kernel. */
import { expect, it } from "vitest";
import { bytesOfAddress } from "../../src/vrrp/packet.ts";
import { type BpfInstruction, neighbourFilter } from "../../src/wire/bpf.ts";
import { icmpv6Packet, NEIGHBOUR_ADVERTISEMENT } from "../../src/wire/neighbour-packet.ts";

const LOADED_BYTES = new Map([[0x20, 4], [0x28, 2], [0x30, 1]]); // biome-ignore format: a table
const JUMP_IF_EQUAL = 0x15;
const HOP_LIMIT_AT = 7;
const VIP = "2001:db8::50";

/** How many bytes of the packet pass. */
function passed(program: readonly BpfInstruction[], packet: Buffer): number {
  let accumulator = 0;
  for (let at = 0; ; at += 1) {
    const [code, jumpTrue, jumpFalse, operand] = program[at]!;
    const loaded = LOADED_BYTES.get(code);
    if (loaded !== undefined) accumulator = packet.readUIntBE(operand, loaded);
    else if (code === JUMP_IF_EQUAL) at += accumulator === operand ? jumpTrue : jumpFalse;
    else return operand;
  }
}

function advertisementOf(address: string): Buffer {
  const source = "fe80::12";
  const target = bytesOfAddress(address);
  const given = { source, destination: "fe80::11", type: NEIGHBOUR_ADVERTISEMENT, flags: 0x60, target };
  return Buffer.from(icmpv6Packet({ ...given, option: 2, mac: "02:00:00:00:00:12" }), "hex");
}

it("passes a neighbour advertisement of a wanted address", () => {
  expect(passed(neighbourFilter([VIP]), advertisementOf(VIP))).toBeGreaterThan(0);
  expect(passed(neighbourFilter([VIP]), advertisementOf("2001:db8::51"))).toBe(0);
});

it("passes none that came from another link", () => {
  const forwarded = advertisementOf(VIP);
  forwarded[HOP_LIMIT_AT] = 254;

  expect(passed(neighbourFilter([VIP]), forwarded)).toBe(0);
});
