/** One environment as the author of an answers file wrote it: checked, but with each object in one place only. */
import * as v from "valibot";
import { AgentError } from "../errors.ts";
import type { DocumentObject } from "./document.ts";

const optionalText = v.nullish(v.string());
const ContainerSchema = v.looseObject({
  uuid: v.string(),
  primary_ip: optionalText,
  host_uuid: optionalText,
  service_name: optionalText,
  stack_name: optionalText,
});
const serviceFields = { name: v.string(), containers: v.nullish(v.array(ContainerSchema)) };
const EnvironmentSchema = v.looseObject({
  hosts: v.array(v.looseObject({ uuid: v.string(), name: optionalText })),
  containers: v.nullish(v.array(ContainerSchema)),
  services: v.nullish(v.array(v.looseObject({ ...serviceFields, stack_name: v.string() }))),
  stacks: v.nullish(
    v.array(v.looseObject({ name: v.string(), services: v.nullish(v.array(v.looseObject(serviceFields))) })),
  ),
  self: v.looseObject({ host: v.union([v.string(), v.looseObject({ uuid: v.string() })]) }),
});

export type Environment = v.InferOutput<typeof EnvironmentSchema>;

/** @throws {AgentError} ANSWERS_INVALID with the path of every wrong value. */
export function parseEnvironment(written: DocumentObject): Environment {
  const result = v.safeParse(EnvironmentSchema, written);
  if (result.success) return result.output;
  const problems = result.issues.map((issue) => `${v.getDotPath(issue)}: ${issue.message}`);
  throw new AgentError("ANSWERS_INVALID", problems.join("; "));
}

/**
 * The uuid of the host whose metadata server this is. `self.host` gives its uuid or its name.
 *
 * @throws {AgentError} ANSWERS_INVALID if no listed host has that uuid or name.
 */
export function selfHostUuid({ hosts, self }: Environment): string {
  const wanted = typeof self.host === "string" ? self.host : self.host.uuid;
  const host = hosts.find(({ uuid }) => uuid === wanted) ?? hosts.find(({ name }) => name === wanted);
  if (host !== undefined) return host.uuid;
  throw new AgentError(
    "ANSWERS_INVALID",
    `self.host: "${wanted}" is neither the uuid nor the name of a host`,
  );
}
