/** Several groups that change at once: what is heard of one of them says nothing about the others. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import pino from "pino";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import {
  openPlannedChanges,
  type PlannedChanges,
  type StepContext,
} from "../../../src/planned-change/io/planned-changes.ts";
import { openStateDir } from "../../../src/system/io/state-dir.ts";
import type { Advert } from "../../../src/vrrp/advert.ts";
import type { Instance } from "../../../src/vrrp/instance.ts";
import { INSTANCE } from "../../fixtures/desired.ts";
import { viewOf } from "../../fixtures/groups.ts";

const OWN = "198.51.100.11";
const OWNER = "198.51.100.13";
const CONTEXT: StepContext = {
  network: {
    interfaces: [
      {
        name: "eth0",
        isLoopback: false,
        addresses: [{ address: OWN, prefix: 24, isSecondary: false }],
      },
    ],
    defaultRoute: {},
  },
  view: { ...viewOf({}), members: [] },
  listedAddresses: new Map(),
  refusedVips: new Set(),
};

function group(name: string, virtualRouterId: number, vip: number): Instance {
  return { ...INSTANCE, name, virtualRouterId, firstVip: { address: `198.51.100.${vip}`, prefix: 32 } };
}
const FIRST = group("first", 53, 102);
const NEW_FIRST = group("first", 53, 103);
const VERSION: Instance = group("version", 52, 101);
const NEW_VERSION: Instance = { ...VERSION, vrrpVersion: 2, advertIntervalSeconds: 1 };
const VRID = group("vrid", 51, 100);
const NEW_VRID = group("vrid", 61, 100);

let host: {
  readonly changes: PlannedChanges;
  /** The holds of this host, which runs and hears the given groups while others are wanted. */
  hold(
    wanted: readonly Instance[],
    inForce: readonly Instance[],
    heard: readonly Instance[],
    refusedVips?: readonly string[],
  ): Promise<unknown>;
};
let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "several-groups-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20 }));
  host = await startHost();
});

async function startHost(): Promise<typeof host> {
  const listeners = new Set<(advert: Advert) => void>();
  const changes = await openPlannedChanges({
    stateDir: await openStateDir(folder),
    listen: (_link, onAdvert) => {
      listeners.add(onAdvert);
      return { sinceMs: 0, close: () => listeners.delete(onAdvert) };
    },
    stateOf: () => "BACKUP",
    onTurn: () => undefined,
    onChange: () => undefined,
    log: pino({ enabled: false }),
  });
  const step = (
    instances: readonly Instance[],
    inForce: readonly Instance[],
    refusedVips: readonly string[],
  ) =>
    changes.step({ routerId: "node-1.example", instances }, inForce, {
      ...CONTEXT,
      refusedVips: new Set(refusedVips),
    });
  return {
    changes,
    hold: async (wanted, inForce, heard, refusedVips = []) => {
      await step(wanted, inForce, refusedVips);
      for (const one of heard) for (const listener of [...listeners]) listener(advertOf(one));
      const { holds } = await step(wanted, wanted, refusedVips);
      return [...holds.keys()];
    },
  };
}

function advertOf({ vrrpVersion, virtualRouterId, firstVip, advertIntervalSeconds }: Instance): Advert {
  return {
    source: OWNER,
    destination: OWN,
    ttl: 255,
    version: vrrpVersion,
    virtualRouterId,
    priority: 240,
    addresses: [firstVip.address],
    authPass: undefined,
    intervalSeconds: advertIntervalSeconds,
  };
}

describe("several groups that change at once", () => {
  const before = [FIRST, VERSION, VRID];
  const after = [NEW_FIRST, NEW_VERSION, NEW_VRID];

  it("are held for their own former owners alone, there and back", async () => {
    expect(await host.hold(after, before, before)).toEqual(["first", "version", "vrid"]);
    for (const { name, virtualRouterId } of before) {
      const formerVrids = host.changes.changing.get(name)?.map((one) => one.virtualRouterId);
      expect(new Set(formerVrids), name).toEqual(
        new Set([virtualRouterId, name === "vrid" ? 61 : virtualRouterId]),
      );
    }

    expect(await host.hold(before, after, before)).toEqual([]);
  });

  it("are held for their own former owners alone after a restart in the middle", async () => {
    await host.hold([NEW_FIRST, VERSION], [FIRST, VERSION], [FIRST]);
    host = await startHost();

    expect(await host.hold([NEW_FIRST, VERSION], [NEW_FIRST, VERSION], [FIRST])).toEqual(["first"]);
  });

  it("take nothing for a former owner that an owner of a removed group sends", async () => {
    await host.hold([NEW_FIRST], [FIRST, VRID], [FIRST, VRID]);
    await host.hold([NEW_FIRST], [NEW_FIRST], [VRID]);

    expect(await host.hold([FIRST, VRID], [NEW_FIRST], [FIRST, VRID])).toEqual([]);
  });

  it("leave another group's owner with other settings to that group", async () => {
    const other: Instance = { ...VRID, virtualRouterId: 71 };

    expect(await host.hold([NEW_FIRST, VRID], [FIRST, VRID], [NEW_FIRST, other])).toEqual(["vrid"]);
  });

  it("take nothing for a former owner that the owner of a group sends whose settings are refused here", async () => {
    expect(await host.hold([FIRST], [], [VERSION], [VERSION.firstVip.address])).toEqual([]);
  });

  it("take a former owner for one whose VIP a refused group claims, too", async () => {
    const sameVip: Instance = { ...FIRST, virtualRouterId: 99 };

    expect(await host.hold([FIRST], [], [sameVip], [FIRST.firstVip.address])).toEqual(["first"]);
  });

  it("take the owner of an unknown group for a former one", async () => {
    expect(await host.hold([FIRST], [], [VERSION])).toEqual(["first"]);
  });
});
