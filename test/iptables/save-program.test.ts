import { describe, expect, it } from "vitest";
import { explainExit } from "../../src/iptables/save-program.ts";

describe("explainExit: a program that ended without a table", () => {
  it.each([
    {
      why: "without permission",
      status: 4,
      stderr:
        "iptables-nft-save v1.8.9 (nf_tables): Could not fetch rule set generation id: Permission denied (you must be root)\n",
      want: { kind: "error", reason: "iptables-unusable" },
    },
    {
      why: "that does not exist",
      status: 127,
      stderr: "setpriv: failed to execute iptables-nft-save: No such file or directory\n",
      want: { kind: "error", reason: "iptables-unusable" },
    },
    {
      why: "without setpriv",
      status: undefined,
      stderr: "ENOENT",
      want: { kind: "error", reason: "iptables-unusable" },
    },
    {
      why: "on a host without a free process",
      status: undefined,
      stderr: "EAGAIN",
      want: { kind: "error", reason: "iptables-busy" },
    },
    {
      why: "killed by a signal",
      status: undefined,
      stderr: "",
      want: { kind: "error", reason: "iptables-busy", detail: "ended early" },
    },
    {
      why: "while another program holds the lock",
      status: 4,
      stderr: "Fatal: can't lock: Resource temporarily unavailable\n",
      want: { kind: "error", reason: "iptables-busy" },
    },
    {
      why: "on a kernel without netfilter's sockets",
      status: 1,
      stderr: "iptables-nft-save/1.8.9 (nf_tables) Failed to initialize nft: Protocol not supported\n",
      want: { kind: "absent" },
    },
    {
      why: "on a kernel without nf_tables",
      status: 4,
      stderr:
        "iptables-nft-save v1.8.9 (nf_tables): Could not fetch rule set generation id: Invalid argument\n",
      want: { kind: "absent" },
    },
    {
      why: "for an unknown reason",
      status: 3,
      stderr: "odd\n",
      want: { kind: "error", reason: "iptables-unusable", detail: "exit status 3: odd" },
    },
  ] as const)("$why", ({ status, stderr, want }) => {
    expect(explainExit({ status, stderr })).toMatchObject(want);
  });

  it("quotes stderr on one line of about 300 characters, without warnings", () => {
    const stderr = `# Warning: iptables-legacy tables present\n\nfirst\nsecond ${"x".repeat(1_000)}\n`;

    expect(explainExit({ status: 2, stderr })).toMatchObject({
      detail: expect.stringMatching(/^exit status 2: first; second x{286}$/),
    });
  });
});
