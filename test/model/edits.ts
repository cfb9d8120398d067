/** What a script's moves do to the document that Rancher tells: the same in the model and in the lab. */

import { addContainer } from "../e2e/lab/metadata-changes.ts";
import type { MetadataDocument } from "../e2e/lab/metadata-document.ts";
import { DOCKER0_ADDRESS } from "./rancher.ts";
import { type Move, optionOf } from "./script.ts";

export const VIP = "198.51.100.100";

export type Edit = (document: MetadataDocument) => void;

export function addressOf(number: number): string {
  return `198.51.100.${10 + number}`;
}

/** The edit of a move that changes the document; undefined for any other move. */
export function editOf(move: Move): Edit | undefined {
  const [host = "", word = ""] = move.args;
  if (move.verb === "state") return (document) => setState(document, host, word);
  if (move.verb === "register") return (document) => register(document, host, word);
  if (move.verb === "renumber") return (document) => setAgentIp(document, host, addressOf(Number(word)));
  return move.verb === "set" ? (document) => changeService(document, move) : undefined;
}

/** How much later the metadata service of each host tells of it, ms. @param unsaidMs where the move does not say. */
export function delaysOf(move: Move, hosts: number, unsaidMs: number): number[] {
  const after = optionOf(move, "after")?.split(",").map(Number) ?? [];
  return Array.from({ length: hosts }, (_, index) =>
    after[index] === undefined ? unsaidMs : 1_000 * after[index],
  );
}

function setState(document: MetadataDocument, hostName: string, state: string): void {
  const host = document.hosts.find(({ name }) => name === hostName);
  const listed = document.containers.filter(({ host_uuid }) => host_uuid === host?.uuid);
  if (state === "absent") document.containers = document.containers.filter((each) => !listed.includes(each));
  else if (listed.length === 0) addContainer(document, hostName).state = state;
  else for (const container of listed) container.state = state;
}

function register(document: MetadataDocument, hostName: string, address: string): void {
  const number = document.hosts.findIndex(({ name }) => name === hostName) + 1;
  setAgentIp(document, hostName, address === "docker0" ? DOCKER0_ADDRESS : addressOf(number));
}

function setAgentIp(document: MetadataDocument, hostName: string, address: string): void {
  for (const host of document.hosts) if (host.name === hostName) host.agent_ip = address;
}

const KEYS = { vrid: "vrid", version: "vrrp_version", vip: "virtual_ip", unicast: "unicast" } as const;

function changeService(document: MetadataDocument, move: Move): void {
  const service = document.stacks[0]!.services[0]!;
  const changed = { ...(service.metadata["keepalived"] as Record<string, unknown>) };
  for (const [option, key] of Object.entries(KEYS)) {
    const value = optionOf(move, option);
    if (value !== undefined) changed[key] = value;
  }
  service.metadata = { keepalived: changed };
}
