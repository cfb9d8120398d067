import { describe, expect, it } from "vitest";
import { explainExit } from "../../src/iptables/table-read.ts";

describe("a program of iptables that ended", () => {
  it.each([
    {
      why: "without permission",
      status: 4,
      complaint:
        "iptables-nft-save v1.8.9 (nf_tables): Could not fetch rule set generation id: Permission denied (you must be root)\n",
      want: { kind: "error", reason: "iptables-unusable" },
    },
    {
      why: "as it does not exist",
      status: 127,
      complaint: "setpriv: failed to execute iptables-nft-save: No such file or directory\n",
      want: { kind: "error", reason: "iptables-unusable" },
    },
    {
      why: "as setpriv does not exist",
      status: undefined,
      complaint: "ENOENT",
      want: { kind: "error", reason: "iptables-unusable" },
    },
    {
      why: "as the host has no process left to give",
      status: undefined,
      complaint: "EAGAIN",
      want: { kind: "error", reason: "iptables-busy" },
    },
    {
      why: "by a signal",
      status: undefined,
      complaint: "",
      want: { kind: "error", reason: "iptables-busy", detail: "ended early" },
    },
    {
      why: "as somebody else was at it",
      status: 4,
      complaint: "Fatal: can't lock: Resource temporarily unavailable\n",
      want: { kind: "error", reason: "iptables-busy" },
    },
    {
      why: "on a kernel without netfilter's sockets",
      status: 1,
      complaint: "iptables-nft-save/1.8.9 (nf_tables) Failed to initialize nft: Protocol not supported\n",
      want: { kind: "absent" },
    },
    {
      why: "on a kernel without nf_tables",
      status: 4,
      complaint:
        "iptables-nft-save v1.8.9 (nf_tables): Could not fetch rule set generation id: Invalid argument\n",
      want: { kind: "absent" },
    },
    {
      why: "for a reason that nobody knows",
      status: 3,
      complaint: "odd\n",
      want: { kind: "error", reason: "iptables-unusable", detail: "exit status 3: odd" },
    },
  ] as const)("$why is $want", ({ status, complaint, want }) => {
    expect(explainExit({ status, complaint })).toMatchObject(want);
  });

  it("is quoted on one line of at most some 300 characters, without warnings", () => {
    const complaint = `# Warning: iptables-legacy tables present\n\nfirst\nsecond ${"x".repeat(1_000)}\n`;

    expect(explainExit({ status: 2, complaint })).toMatchObject({
      detail: expect.stringMatching(/^exit status 2: first; second x{286}$/),
    });
  });
});
