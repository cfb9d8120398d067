/** The packet that opens a client's connection to a published port, as far as it is known. */
import type { Family } from "../network/address.ts";
import type { AddressNumber } from "../network/masked-network.ts";
import type { FilledLists } from "./client-lists.ts";
import { type Marks, UNMARKED } from "./marks.ts";

/**
 * The client is outside, and comes in by the interface of the VIP. Its packet is new, unicast and unmarked, and has any
 * source address and port. The destination counts as an address of this host, because a backup host does not have it yet.
 */
export interface ClientPacket {
  readonly protocol: "tcp" | "udp";
  readonly port: number;
  readonly family: Family;
  /** `any` meets every condition on the destination, except link-local ones. */
  readonly destination: AddressNumber | "any";
  /** Undefined where it is not known. Then a condition on it is in doubt, unless it excludes an interface: see nat-match.ts. */
  readonly inInterface: string | undefined;
  /** False in tables that packets meet before connection tracking. */
  readonly isTracked?: boolean;
}

/** What rules of the table did with a client before. */
export interface ClientPast {
  readonly marks: Marks;
  /** A function, because finding them is costly, and few tables have a rule that asks. */
  readonly lists: () => FilledLists;
}

/** Clients with whom no rule did anything yet. */
export const FIRST_TIME: ClientPast = { marks: UNMARKED, lists: () => new Set() };
