/** The fields of the status that come from metadata. */

import { memberStatuses } from "../metadata/member-status.ts";
import type { MetadataView } from "../metadata/view.ts";
import type { Status } from "./status.ts";

/** @param readAt ISO 8601; undefined where metadata was not read in this run. */
export function deriveMetadataStatus(
  { origin, snapshot, members }: MetadataView,
  readAt: string | undefined,
): Pick<Status, "host" | "service" | "metadata" | "members"> {
  const { self, service, version } = snapshot;
  const isOff = origin === "off";
  return {
    host: { uuid: self.uuid, name: self.name },
    service: isOff ? undefined : `${service.stackName}/${service.name}`,
    metadata: { source: origin, version: isOff ? undefined : version, readAt },
    members: memberStatuses(snapshot, members),
  };
}
