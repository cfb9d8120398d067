import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { parseFrame } from "../../../src/wire/frame.ts";
import { sendSignal } from "../../fixtures/send-signal.ts";
import { openProbeLab, type ProbeLab, type ProbeLabOptions, silence, until } from "./owner-probe-lab.ts";

/** With intervals of 1 s keepalived's own timer ends after more than 3 s, and the questions after little more than 1 s. */
const GROUPS: readonly (ProbeLabOptions & { readonly name: string })[] = [
  { name: "VRRPv3 over IPv4" },
  { name: "VRRPv3 over IPv6", isIpv6: true },
  { name: "VRRPv2 with a password", change: { vrrpVersion: 2, authPass: "s3cret" } },
  { name: "VRRPv3 by multicast over IPv4", isMulticast: true },
  { name: "VRRPv3 by multicast over IPv6", isMulticast: true, isIpv6: true },
  { name: "VRRPv2 by multicast", isMulticast: true, change: { vrrpVersion: 2 } },
  {
    name: "VRRPv2 by multicast with a password",
    isMulticast: true,
    change: { vrrpVersion: 2, authPass: "s3cret" },
  },
];

const isReady = ({ listener }: ProbeLab) => until(() => listener.says("owner-probe ready eth0/"));
const owns = ({ has }: ProbeLab) => until(() => has("backup"));
/** What keepalived of the backup was told, and by whom. */
const outcomeOf = ({ listener, keepalived }: ProbeLab) => ({
  hasTaken: listener.says("owner-probe took eth0/"),
  isToldOfRelease: keepalived.backup.says("Backup received priority 0 advertisement"),
});
/** The kernel shows a VIP before this process has read what led to it. */
const tookByQuestions = (lab: ProbeLab) =>
  until(() => Object.values(outcomeOf(lab)).every((isSo) => isSo)).catch(() => {
    throw new Error(`not by questions: ${JSON.stringify(outcomeOf(lab))}`);
  });
/** The adverts of the backup's machine that came to the neighbour. */
const sentByBackup = ({ sniffer }: ProbeLab) =>
  sniffer.lines.flatMap((line) => {
    const frame = parseFrame(line.replace(/^heard \d+ /, ""));
    return frame?.mac === "02:00:00:00:00:11" && frame.advert !== undefined ? frame.advert : [];
  });
const advertSourceOf = ({ isIpv6 }: ProbeLabOptions) => (isIpv6 ? "fe80::11" : "198.51.100.11");
const BY_ITS_TIMER = { hasTaken: false, isToldOfRelease: false };

describe.concurrent("the listener of a backup", () => {
  for (const { name, ...options } of GROUPS)
    it(`takes over from a host that is gone: ${name}`, async (context) => {
      const lab = await openProbeLab(context, options);
      await isReady(lab);
      await lab.unplug("owner");
      await owns(lab);
      await tookByQuestions(lab);

      expect(lab.listener.lines.filter((line) => / at .* line \d/.test(line))).toEqual([]); // Perl's warnings
      if (options.isMulticast !== true) return;
      // the other machines hear the new owner, and nothing in the name of the former one
      await until(() => sentByBackup(lab).length > 0);
      expect(sentByBackup(lab).filter((advert) => advert.source !== advertSourceOf(options))).toEqual([]);
    });

  it("leaves multicast over IPv4 to keepalived's own timer without the table that it needs", async (context) => {
    const lab = await openProbeLab(context, { isMulticast: true, hasReleaseTable: false });
    await isReady(lab);
    await lab.unplug("owner");
    await owns(lab);

    // the advert was sent, and did not come to keepalived
    expect(outcomeOf(lab)).toEqual({ hasTaken: true, isToldOfRelease: false });
  });

  it("sends nothing by multicast over IPv4 once keepalived has ended", async (context) => {
    const lab = await openProbeLab(context, { isMulticast: true });
    await isReady(lab);
    sendSignal(-lab.keepalived.backup.pid, "SIGKILL");
    await lab.unplug("owner");
    await until(() => lab.listener.says("owner-probe took"));
    await sleep(1_000);

    expect(sentByBackup(lab)).toEqual([]);
  });

  it("takes over though a plan with another machine comes meanwhile", async (context) => {
    const lab = await openProbeLab(context);
    await isReady(lab);
    await lab.unplug("owner");
    lab.listener.write(lab.largerPlan);
    await owns(lab);
    await tookByQuestions(lab);
  });

  it("concludes nothing once another machine sends the multicast adverts", async (context) => {
    const lab = await openProbeLab(context, { isMulticast: true });
    await isReady(lab);
    await lab.runStranger();
    await until(() => lab.has("neighbour"));
    await lab.unplug("owner");
    await sleep(3_000);

    expect(await lab.has("backup")).toBe(false);
    expect(outcomeOf(lab)).toEqual(BY_ITS_TIMER);
  });

  it("leaves an owner that answers to keepalived's own timer", async (context) => {
    const lab = await openProbeLab(context);
    await isReady(lab);
    sendSignal(-lab.keepalived.owner.pid, "SIGSTOP");
    await owns(lab);

    expect(outcomeOf(lab)).toEqual(BY_ITS_TIMER);
  });

  for (const isIpv6 of [false, true])
    it(`takes over from a kernel that answers no more for the VIP: ${isIpv6 ? "IPv6" : "IPv4"}`, async (context) => {
      const lab = await openProbeLab(context, { isIpv6, hasWitness: false });
      await isReady(lab);
      await lab.run("owner", "nft", silence(lab.vip));
      sendSignal(-lab.keepalived.owner.pid, "SIGSTOP");
      await owns(lab);
      await tookByQuestions(lab);

      // the owner answered for its own address
      expect(lab.listener.lines).toContainEqual(expect.stringMatching(/^owner-probe took .* 1$/));
    });

  for (const lost of [0, 1])
    it(`leaves an owner of whose answers each second is lost to keepalived's own timer: ${lost}`, async (context) => {
      const lab = await openProbeLab(context);
      await isReady(lab);
      const chain = "chain output { type filter hook output priority 0; }";
      const rule = `arp operation reply numgen inc mod 2 ${lost} drop`;
      await lab.run("owner", "nft", `table arp lossy { ${chain}; }; add rule arp lossy output ${rule}`);
      sendSignal(-lab.keepalived.owner.pid, "SIGSTOP");
      await owns(lab);

      expect(outcomeOf(lab)).toEqual(BY_ITS_TIMER);
    });

  it("takes over once in ten seconds, also where its plan was taken away meanwhile", async (context) => {
    const lab = await openProbeLab(context);
    const lastOf = (word: string) =>
      lab.listener.lines.findLastIndex((line) => line.startsWith(`owner-probe ${word} `));
    await isReady(lab);
    await lab.unplug("owner");
    await until(() => lastOf("took") >= 0);
    const tookMs = Date.now();
    // as the agent does where it owns the VIP, and where it backs it up again
    lab.listener.write("probe-go 0.05\n");
    lab.listener.write(lab.plan);
    await lab.plugIn("owner");
    await until(() => lastOf("ready") > lastOf("took"));

    expect(Date.now() - tookMs).toBeGreaterThan(9_000);
  });

  it("leaves an owner that has never answered for the VIP to keepalived's own timer", async (context) => {
    const lab = await openProbeLab(context, { isVipSilent: true });
    await isReady(lab);
    sendSignal(-lab.keepalived.owner.pid, "SIGSTOP");
    await owns(lab);

    expect(outcomeOf(lab)).toEqual(BY_ITS_TIMER);
  });

  it("concludes nothing from a time in which it was stopped itself", async (context) => {
    const lab = await openProbeLab(context);
    await isReady(lab);
    sendSignal(lab.listener.pid, "SIGSTOP");
    await lab.unplug("owner");
    await sleep(2_000); // its own interval begins anew then, and ends after keepalived's timer
    sendSignal(lab.listener.pid, "SIGCONT");
    await owns(lab);

    expect(outcomeOf(lab)).toEqual(BY_ITS_TIMER);
  });

  for (const [why, options, machine] of [
    ["this host is cut off", {}, "backup"],
    ["only the owner could show that this host is not cut off", { hasWitness: false }, "owner"],
  ] as const)
    it(`concludes nothing where nobody answers: ${why}`, async (context) => {
      const lab = await openProbeLab(context, options);
      await isReady(lab);
      await lab.unplug(machine);
      await owns(lab);

      await until(() => lab.listener.says("owner-probe cut-off eth0/ipv4/50 "));
      expect(outcomeOf(lab)).toEqual(BY_ITS_TIMER);
    });

  it("asks nobody where no machine could show that this host is not cut off", async (context) => {
    const lab = await openProbeLab(context, { hasWitness: false, isVipSilent: true });
    await until(() => lab.listener.says("heard "));
    await sleep(4_000); // an owner that is heard for 3 s counts
    await lab.unplug("owner");
    await owns(lab);

    expect(lab.listener.says("owner-probe ready")).toBe(false);
    expect(outcomeOf(lab)).toEqual(BY_ITS_TIMER);
  });

  it("moves nothing on a host that is held", async (context) => {
    const lab = await openProbeLab(context);
    await isReady(lab);
    await lab.hold();
    await until(() => lab.keepalived.backup.says("Entering FAULT STATE"));
    await lab.unplug("owner");
    // it has taken, or was too late for it on a busy machine
    await until(() => lab.listener.lines.at(-1)?.startsWith("owner-probe unready") === true);
    await sleep(1_000);

    expect(await lab.has("backup")).toBe(false);
  });

  it("asks later where another backup asks first", async (context) => {
    const lab = await openProbeLab(context, { place: 1, window: 0.3 });
    await isReady(lab);
    await lab.unplug("owner");
    await owns(lab);
    await until(() => lab.listener.says("owner-probe took"));
    const took = lab.listener.lines.find((line) => line.startsWith("owner-probe took"));

    expect(Number(took?.split(" ").at(-2))).toBeGreaterThanOrEqual(1_600);
  });
});
