/**
 * Metadata forgets hosts that run, for longer than PEER_REMOVAL_GRACE: an owner is heard and stays a peer, and so does a
 * silent backup, as its host runs VRRP. So nothing moves.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import type { Host } from "../lab/host.ts";
import type { Lab } from "../lab/lab.ts";
import { removeContainer, removeHost } from "../lab/metadata-changes.ts";
import type { MetadataDocument } from "../lab/metadata-document.ts";
import { peersOf, settled, startAll, useLab } from "../scenario.ts";
import { watched } from "./watched.ts";
import { mislead } from "./wrong-metadata.ts";

/** The shortest there is: two readings suffice. */
const GRACE = { PEER_REMOVAL_GRACE: "0" };
/** `LONG_FAULTS=1` lets faults last as long as they may in life. */
const IS_LONG = process.env["LONG_FAULTS"] === "1";

const used = useLab({ hosts: 3 });

/** Has something happen to metadata, and expects the VIP and all files to stay as they are. */
async function undisturbed(
  what: string,
  act: (lab: Lab, cast: readonly Host[]) => Promise<void>,
): Promise<void> {
  const { lab } = used;
  const confs = () => lab.hosts.map((host) => host.conf());
  let before: unknown;
  const seen = await watched(lab, what, async (owner, others) => {
    before = confs();
    await act(lab, [owner, ...others]);
    expect(confs()).toEqual(before);
  });

  expect(seen).toMatchObject({ moves: 0, doubledMs: 0, ownerlessMs: 0 });
}

/** Time for several readings. */
const FORGOTTEN_MS = IS_LONG ? 180_000 : 4_000;

it("comes up", async () => {
  await startAll(used.lab, GRACE);
});

it.each([
  {
    what: "the owner's view lacks a backup, that one's the owner, and the third's both",
    lacks: (document: MetadataDocument, host: Host, [owner, backup]: readonly Host[]) => {
      if (host !== backup) removeContainer(document, backup!.name);
      if (host !== owner) removeContainer(document, owner!.name);
    },
  },
  {
    what: "each view lists its own host alone",
    lacks: (document: MetadataDocument, own: Host, hosts: readonly Host[]) => {
      for (const host of hosts) if (host !== own) removeContainer(document, host.name);
    },
  },
  {
    what: "every container is stopped",
    lacks: (document: MetadataDocument) => {
      for (const container of document.containers) container.state = "stopped";
    },
  },
  {
    what: "the backups' views lack the owner's host, and its own view the host of a backup",
    lacks: (document: MetadataDocument, host: Host, [owner, backup]: readonly Host[]) => {
      removeHost(document, host === owner ? backup!.name : owner!.name);
    },
  },
])("one owner stays while $what", async ({ what, lacks }) => {
  await undisturbed(what, async (lab, cast) => {
    const ends = await Promise.all(
      cast.map((host) => mislead(lab, host, (document) => lacks(document, host, cast))),
    );
    await sleep(FORGOTTEN_MS);
    for (const end of ends) await end();
  });
});

it("one owner stays while containers come and go", async () => {
  await undisturbed("containers that come and go", async (lab) => {
    const truth = structuredClone(lab.metadata.document);
    for (let turn = 0; turn < 3; turn += 1) {
      for (let reading = 0; reading < 2; reading += 1) {
        lab.metadata.publish((document) => removeContainer(document, lab.hosts[turn % 3]!.name));
        await sleep(600);
      }
      lab.metadata.publish((document) => void Object.assign(document, structuredClone(truth)));
      await sleep(600);
    }
  });
});

it("the owner that backups' metadata forgot stays it when one of them starts again", async () => {
  const { lab } = used;
  const seen = await watched(
    lab,
    "the owner forgotten, a backup restarted",
    async (owner, [backup, third]) => {
      const views = [backup!, third!];
      const ends = await Promise.all(
        views.map((host) => mislead(lab, host, (document) => removeHost(document, owner.name))),
      );
      await sleep(FORGOTTEN_MS);
      await backup!.stopAgent();
      await backup!.startAgent(GRACE);
      await settled(lab);
      await sleep(FORGOTTEN_MS);
      expect(peersOf(backup!)).toContain(owner.address);
      for (const end of ends) await end();
      await settled(lab);
    },
  );

  expect(seen).toMatchObject({ moves: 0, doubledMs: 0, ownerlessMs: 0 });
});
