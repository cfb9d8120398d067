/**
 * The environment that the lab's metadata services tell of: hosts, and one stack `lb` with the service `keepalived` in
 * host networking. The plain shape of an answers file, with the field names of Rancher's metadata 2016-07-29.
 */
import { uuidOf } from "./lab-ids.ts";

export const STACK_NAME = "lb";
export const SERVICE_NAME = "keepalived";
export const ENVIRONMENT_UUID = uuidOf("environment");

export interface MetadataHost {
  uuid: string;
  name: string;
  hostname: string;
  agent_ip: string;
  state: string;
  agent_state: string;
  environment_uuid: string;
  labels: Record<string, string>;
}

export interface MetadataContainer {
  uuid: string;
  name: string;
  external_id: string;
  state: string;
  host_uuid: string;
  primary_ip: string;
  stack_name: string;
  service_name: string;
  service_index: string;
  create_index: number;
  environment_uuid: string;
  labels: Record<string, string>;
}

export interface MetadataService {
  uuid: string;
  name: string;
  kind: string;
  state: string;
  create_index: number;
  metadata: Record<string, unknown>;
}

/** Free to be changed by a test in any way, also into one that makes no sense. */
export interface MetadataDocument {
  uuid: string;
  name: string;
  hosts: MetadataHost[];
  containers: MetadataContainer[];
  stacks: { uuid: string; name: string; environment_uuid: string; services: MetadataService[] }[];
}

export function emptyEnvironment(): MetadataDocument {
  return {
    uuid: ENVIRONMENT_UUID,
    name: "lab",
    hosts: [],
    containers: [],
    stacks: [
      {
        uuid: uuidOf("stack"),
        name: STACK_NAME,
        environment_uuid: ENVIRONMENT_UUID,
        services: [
          {
            uuid: uuidOf("service"),
            name: SERVICE_NAME,
            kind: "service",
            state: "active",
            create_index: 0,
            metadata: {},
          },
        ],
      },
    ],
  };
}
