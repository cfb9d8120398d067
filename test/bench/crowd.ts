/** Containers of other services in the metadata document: what an environment has beside the service that is measured. */
import { hexOf, uuidOf } from "../e2e/lab/lab-ids.ts";
import { addContainer } from "../e2e/lab/metadata-changes.ts";
import type { MetadataDocument } from "../e2e/lab/metadata-document.ts";

/** Adds `count` containers of a service `web/app`, spread over all hosts of the document. */
export function addCrowd(document: MetadataDocument, count: number): void {
  const { containers, hosts, stacks } = document;
  const [stack] = stacks;
  const [service] = stack!.services;
  const createIndex = service!.create_index;
  for (let index = 0; index < count; index += 1) {
    const name = `web-app-${index}`;
    const { name: hostName } = hosts[index % hosts.length]!;
    const container = addContainer({ ...document, containers: [] }, hostName);
    containers.push({
      ...container,
      name,
      uuid: uuidOf(name),
      external_id: hexOf(name),
      stack_name: "web",
      service_name: "app",
      labels: { "io.rancher.stack_service.name": "web/app" },
    });
  }
  service!.create_index = createIndex;
}

/** A change that concerns no service but the crowd's: one of its containers has another label. */
export function changeCrowd({ containers }: MetadataDocument, change: number): void {
  const crowd = containers.filter(({ stack_name }) => stack_name === "web");
  crowd[change % crowd.length]!.labels["change"] = String(change);
}
