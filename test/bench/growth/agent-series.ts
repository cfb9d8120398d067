/** What grows around the agent in the lab, and through which sizes. */
import { addContainer, addHost, setServiceMetadata } from "../../e2e/lab/metadata-changes.ts";
import type { MetadataDocument } from "../../e2e/lab/metadata-document.ts";
import { addCrowd } from "../crowd.ts";

/** For each size, so many spans with versions take turns with spans without any. */
export const PAIRS = 3;
const LEAST_VERSIONS = 3;
const LEAST_SPAN_MS = 3_000;

/** @param versionMs from one version to the next, ms. */
export function versionsPerSpan(versionMs: number): number {
  return Math.max(LEAST_VERSIONS, Math.round(LEAST_SPAN_MS / versionMs));
}

export interface Series {
  readonly name: string;
  readonly title: string;
  readonly unknown: string;
  readonly sizes: readonly number[];
  readonly how: string;
  /** Makes the document that of a size; sizes come in their order. */
  readonly grow: (document: MetadataDocument, size: number) => void;
  /** From one version to the next, ms. */
  readonly versionMs: (size: number) => number;
  /** What costs are told for. */
  readonly per: "version" | "second";
}

const HOW = `The built agent in one host of the lab, with the image's settings of V8 and without checks, which cost the same whatever metadata does. For each size ${PAIRS} spans with ${LEAST_VERSIONS} versions or more, in which a container of another service changes; a version that is overtaken before it is read does not count. A span without versions, as long, follows each. CPU time is that of the agent's threads as the scheduler counts it: the median of what a span needs beyond the one after it. GETs and their bytes, without headers, are from its log.`;

const SECOND = () => 1_000;

export const SERIES: readonly Series[] = [
  {
    name: "agent-members",
    title: "Hosts that run the service, with all that is asked",
    unknown: "hosts of the service",
    sizes: [3, 10, 30, 100],
    how: `${HOW} Up to 16 hosts are asked for one by one, more by the list of all.`,
    grow: (document, size) => {
      addMembers(document, size);
    },
    versionMs: SECOND,
    per: "version",
  },
  {
    name: "agent-containers",
    title: "Containers of other services",
    unknown: "other containers",
    sizes: [100, 500, 1_500, 5_000],
    how: `${HOW} The environment has 10 hosts, 3 of which run the service.`,
    grow: (document, size) => {
      addMembers(document, 3);
      addHosts(document, 10);
      addCrowd(document, size - crowdOf(document));
    },
    versionMs: SECOND,
    per: "version",
  },
  {
    name: "agent-groups",
    title: "Groups, with all that is asked",
    unknown: "groups",
    sizes: [1, 5, 20, 50],
    how: `${HOW} 3 hosts run the service.`,
    grow: (document, size) => {
      addMembers(document, 3);
      const names = Array.from({ length: size }, (_, index) => index + 1);
      const instances = names.map((number) => [
        `group-${number}`,
        { virtual_ip: `10.0.0.${100 + number}`, vrid: number },
      ]);
      setServiceMetadata(document, { instances: Object.fromEntries(instances) });
    },
    versionMs: SECOND,
    per: "version",
  },
  {
    name: "agent-rate",
    title: "Versions a second",
    unknown: "versions a second",
    sizes: [0.25, 0.5, 1, 4],
    how: `${HOW} 3 hosts run the service. Rancher has at most one version a second; the agent reads at most two.`,
    grow: (document) => addMembers(document, 3),
    versionMs: (size) => 1_000 / size,
    per: "second",
  },
];

function addMembers(document: MetadataDocument, count: number): void {
  const present = document.hosts.length;
  addHosts(document, count);
  for (let number = present + 1; number <= count; number += 1) addContainer(document, `h${number}`);
}

function addHosts(document: MetadataDocument, count: number): void {
  for (let number = document.hosts.length + 1; number <= count; number += 1) {
    addHost(document, { name: `h${number}`, address: `10.0.1.${number}` });
  }
}

function crowdOf({ containers }: MetadataDocument): number {
  return containers.filter(({ stack_name }) => stack_name === "web").length;
}
