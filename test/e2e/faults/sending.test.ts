/** Adverts that the owner's own host drops: the VIP goes to a host that can send, or stays with one where none can. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import type { Host } from "../lab/host.ts";
import { until } from "../lab/until.ts";
import { settled, startAll, statusOf, useLab, VIP } from "../scenario.ts";
import { dropAdverts } from "./adverts.ts";
import { CRASH_MS, ownersSince, SOON_MS } from "./course.ts";

const used = useLab({ hosts: 2 });

/** The messages of the problems that the host's agent has with its adverts. */
async function complaintsOf(host: Host): Promise<string[]> {
  const problems = (await statusOf(host))?.problems ?? [];
  return problems.filter(({ code }) => code === "ADVERTS_UNSENT").map(({ message }) => message);
}

function otherThan(host: Host): Host {
  return used.lab.hosts.find((candidate) => candidate !== host)!;
}

it("gives the VIP away where its packet filter drops its adverts, says so, and comes back as a backup", async () => {
  const { lab } = used;
  const owner = await startAll(lab);
  const other = otherThan(owner);
  const sinceMs = Date.now();
  const undo = await dropAdverts(owner, "outgoing");
  await until(async () => (await lab.owner(VIP)) === other, SOON_MS, "the other host has the VIP");
  const { doubleMs, gapMs } = ownersSince(lab, sinceMs);
  process.stdout.write(
    `measured: adverts dropped at the owner: two owners ${doubleMs} ms, none ${gapMs} ms\n`,
  );
  await until(async () => (await complaintsOf(owner)).length > 0, SOON_MS, "the host says why");
  // longer than the 3 s after which a host that can send comes back
  await sleep(4_000);

  expect(doubleMs).toBeLessThan(CRASH_MS);
  expect(await complaintsOf(owner)).toEqual([
    expect.stringMatching(
      /^group main: .*\(Operation not permitted\): the rule -A OUTPUT -p \S+ -j DROP drops them$/,
    ),
  ]);
  const health = (await statusOf(owner))?.health[0];
  expect(health?.heldBy).toContain("its adverts cannot be sent");
  expect(await lab.holders(VIP)).toEqual([other.name]);

  await undo();
  expect(await settled(lab)).toBe(other);
  await until(async () => (await complaintsOf(owner)).length === 0, SOON_MS, "the problem has ended");
  expect(ownersSince(lab, sinceMs).transitions).toBe(1);
});

it("has one owner all the same where no host can send, and again once all can", async () => {
  const { lab } = used;
  const sinceMs = Date.now();
  const undos = await Promise.all(lab.hosts.map((host) => dropAdverts(host, "outgoing")));
  await until(
    async () => {
      const all = await Promise.all(lab.hosts.map(complaintsOf));
      return all.every(({ length }) => length > 0) && (await lab.owner(VIP)) !== undefined;
    },
    SOON_MS,
    "one host owns the VIP although no host can send",
  );
  const ownedMs = Date.now() - sinceMs;
  const first = await lab.owner(VIP);
  await sleep(3_000);
  expect(await lab.owner(VIP)).toBe(first);
  const { doubleMs, gapMs } = ownersSince(lab, sinceMs);
  process.stdout.write(
    `measured: no host can send: one owner after ${ownedMs} ms; two owners ${doubleMs} ms, none ${gapMs} ms\n`,
  );

  await Promise.all(undos.map((undo) => undo()));
  await settled(lab);
  expect(doubleMs).toBeLessThan(CRASH_MS);
  expect(ownersSince(lab, sinceMs).doubleMs).toBeLessThan(CRASH_MS);
});
