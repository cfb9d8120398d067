import { describe, expect, it } from "vitest";
import { openProbeLab, type ProbeLab, type ProbeLabOptions, until } from "./owner-probe-lab.ts";

/** With intervals of 1 s keepalived's own timer ends after more than 3 s, and the questions after little more than 1 s. */
const isReady = ({ listener }: ProbeLab) => until(() => listener.says("owner-probe ready eth0/"));
const hasTaken = ({ listener }: ProbeLab) => listener.says("owner-probe took eth0/");
const owns = ({ has }: ProbeLab) => until(() => has("backup"));

const GROUPS: readonly (ProbeLabOptions & { readonly name: string })[] = [
  { name: "VRRPv3 over IPv4" },
  { name: "VRRPv3 over IPv6", isIpv6: true },
  { name: "VRRPv2 with a password", change: { vrrpVersion: 2, authPass: "s3cret" } },
];

describe.concurrent("the listener of a backup", () => {
  for (const { name, ...options } of GROUPS)
    it(`takes over from a host that is gone: ${name}`, async (context) => {
      const lab = await openProbeLab(context, options);
      await isReady(lab);
      await lab.unplug("owner");
      await owns(lab);

      expect(hasTaken(lab)).toBe(true);
      expect(lab.keepalived.backup.says("Backup received priority 0 advertisement")).toBe(true);
    });
});
