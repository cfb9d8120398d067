import { describe, expect, it } from "vitest";
import { parseIpv4Gateways, parseIpv6Gateways } from "../../src/network/gateways.ts";

const IPV4 = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	016433C6	0003	0	0	0	00000000	0	0	0
eth0	0000000A	026433C6	0003	0	0	0	000000FF	0	0	0
eth0	0000000B	026433C6	0002	0	0	0	000000FF	0	0	0
eth0	006433C6	00000000	0001	0	0	0	00FFFFFF	0	0	0
eth1	00000000	017100CB	0003	0	0	0	00000000	0	0	0
`;
const NONE = "0".repeat(32);
const IPV6 = `20010db8000000000000000000000000 40 ${NONE} 00 ${NONE} 00000100 00000001 00000000 00000001     eth0
${NONE} 00 ${NONE} 00 fe800000000000000000000000000001 00000400 00000003 00000000 00000003     eth0
`;

describe("the gateways of an interface", () => {
  it("are those of its routes that are up, each once", () => {
    expect(parseIpv4Gateways(IPV4, "eth0")).toEqual(["198.51.100.1", "198.51.100.2"]);
    expect(parseIpv4Gateways(IPV4, "eth1")).toEqual(["203.0.113.1"]);
    expect(parseIpv6Gateways(IPV6, "eth0")).toEqual(["fe80::1"]);
  });

  it("are none in a text that is something else", () => {
    for (const text of ["", "eth0", "eth0 x y z", "\n\n"]) {
      expect(parseIpv4Gateways(text, "eth0")).toEqual([]);
      expect(parseIpv6Gateways(text, "eth0")).toEqual([]);
    }
  });
});
