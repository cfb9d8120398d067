/** Tells the wire what to capture for the groups of this host, whenever that changes. */
import { isDeepStrictEqual } from "node:util";
import type { HostNetwork } from "../../network/host-network.ts";
import type { SentinelCapture, Wire } from "../../wire/io/wire.ts";
import { captureTargets } from "../capture-targets.ts";
import type { KnownFrames } from "../known-frames.ts";
import type { Rival } from "../rivals.ts";
import type { WatchedGroup } from "../watched-group.ts";

export interface CaptureUpdateOptions extends Pick<SentinelCapture, "onRareFrame"> {
  readonly wire: Pick<Wire, "setCapture">;
  readonly knownFrames: Pick<KnownFrames, "unrelated" | "ofOwners">;
}

/** What decides on the capture, besides the known frames. */
interface CaptureSubject {
  readonly groups: readonly WatchedGroup[];
  readonly network: HostNetwork;
  readonly rivals: readonly Rival[];
}

/** @returns what is called when the capture may differ. It is called often, and the wire is told changes alone. */
export function createCaptureUpdate({
  wire,
  knownFrames,
  onRareFrame,
}: CaptureUpdateOptions): (subject: CaptureSubject) => void {
  let told: SentinelCapture | undefined;
  return ({ groups, network, rivals }) => {
    const capture: SentinelCapture = {
      targets: captureTargets(groups, network, rivals),
      knownFrames: knownFrames.unrelated,
      rareFrames: knownFrames.ofOwners,
      onRareFrame,
    };
    if (isDeepStrictEqual(capture, told)) return;
    told = capture;
    wire.setCapture(capture);
  };
}
