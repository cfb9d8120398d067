/** The parts that listen on the wire, wired: the sentinel, the questions to a late owner, and planned changes. */
import { observeAddresses } from "../network/io/iproute.ts";
import { openPlannedChanges, type PlannedChanges } from "../planned-change/io/planned-changes.ts";
import { openSentinel, type Sentinel } from "../split-brain/io/sentinel.ts";
import type { WireFrame } from "../wire/frame.ts";
import { openWire } from "../wire/io/wire.ts";
import type { GatedKeepalived } from "./gated-keepalived.ts";
import { type GroupProbe, openGroupProbe } from "./owner-probe.ts";
import type { Shared } from "./shared.ts";

export interface WirePartsOptions extends Shared, Pick<GatedKeepalived, "keepalived" | "lease"> {
  /** Gets each frame before the sentinel does. */
  readonly onFrame: (frame: WireFrame) => void;
}

export interface WireParts {
  readonly sentinel: Sentinel;
  readonly ownerProbe: GroupProbe;
  readonly plannedChanges: PlannedChanges;
}

export async function openWireParts(options: WirePartsOptions): Promise<WireParts> {
  const { keepalived, lease, stateDir, metadata, store, trigger, record, signal } = options;
  const { hostNameOf } = metadata;
  const log = options.log.child({ component: "vrrp" });
  const ownerProbe = openGroupProbe({ ...options, hearings: () => sentinel.hearings(), log });
  const sentinel = openSentinel({
    ...options,
    openWire: (takeFrame) => {
      const onFrame = (frame: WireFrame) => {
        options.onFrame(frame);
        plannedChanges.noteFrame(frame);
        takeFrame(frame);
      };
      const employers = [lease, ownerProbe, keepalived, options.networkMonitor];
      const companions = employers.map(({ companion }) => companion);
      return openWire({ onFrame, onState: trigger.fire, companions, log, signal });
    },
    dump: keepalived.dump,
    onAdvice: trigger.fire,
    readVips: async () => (await observeAddresses(keepalived.heldVips.addresses)).held,
    hostNameOf,
    onSuspicions: (splitBrain) => store.update({ splitBrain }),
    onOwners: () => store.update({}),
    onTakeover: ({ address, ...how }) =>
      record({ kind: "taken-over", by: hostNameOf(address) ?? address, ...how }),
    log,
  });
  store.setHearings(sentinel.hearings, sentinel.wire.listensOn);
  store.subscribe(({ instances }) => sentinel.setStates(instances));
  const plannedChanges = await openPlannedChanges({
    stateDir,
    listen: sentinel.wire.subscribe,
    stateOf: keepalived.vrrpStates.stateOf,
    onTurn: trigger.fire,
    onChange: (group, how) => record({ kind: "change", group, ...how }),
    log: options.log,
  });
  return { sentinel, ownerProbe, plannedChanges };
}
