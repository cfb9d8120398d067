/** The fields of the status that come from metadata. */

import { memberStatuses } from "../metadata/member-status.ts";
import type { MetadataView } from "../metadata/view.ts";
import type { Status } from "./status.ts";

/** The port of HTTP_LISTEN's default: other hosts may have it where this one's server is off. */
const DEFAULT_HTTP_PORT = 9_650;

/**
 * @param readAt ISO 8601; undefined where metadata was not read in this run.
 * @param httpPort of this agent; undefined where its HTTP server is off.
 */
export function deriveMetadataStatus(
  { origin, snapshot, members }: MetadataView,
  readAt: string | undefined,
  httpPort: number = DEFAULT_HTTP_PORT,
): Pick<Status, "host" | "service" | "metadata" | "members"> {
  const { self, service, version } = snapshot;
  const isOff = origin === "off";
  return {
    host: { uuid: self.uuid, name: self.name, hostname: self.hostname },
    service: isOff ? undefined : `${service.stackName}/${service.name}`,
    metadata: { source: origin, version: isOff ? undefined : version, readAt },
    members: memberStatuses(snapshot, members, httpPort),
  };
}
