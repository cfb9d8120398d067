/**
 * Tells a host from a gateway or a proxy among the machines that answer for an address, by the other addresses they answer for.
 *
 * A router may answer for a host that is off, and a NAT gateway for all hosts behind it. Such an answer names no host.
 */
import type { AddressAnswer } from "./answers.ts";

/** `gateway`: it has the address of one of this host's gateways. `proxy`: it answers for unused addresses. */
export type AnswererRole = "host" | "gateway" | "proxy";

/** The addresses that are asked for to tell them apart. */
export interface TestAddresses {
  /** The addresses of this host's gateways. */
  readonly gateways: ReadonlySet<string>;
  /** Sets of unused addresses. Only a machine that answers for a whole set is a proxy: one address may be in use after all. */
  readonly unused: readonly (readonly string[])[];
}

/** The test addresses that each MAC answered for. */
export type TestAnswers = ReadonlyMap<string, ReadonlySet<string>>;

/** Forged answers must not cost memory. */
const MAX_MACS = 64;

export function isTestAddress({ gateways, unused }: TestAddresses, address: string): boolean {
  return gateways.has(address) || unused.some((each) => each.includes(address));
}

/** The answers with one more. */
export function withTestAnswer(
  answers: TestAnswers,
  { address, mac }: Pick<AddressAnswer, "address" | "mac">,
): TestAnswers {
  const known = answers.get(mac);
  if (known?.has(address) || (known === undefined && answers.size >= MAX_MACS)) return answers;
  return new Map([...answers, [mac, new Set([...(known ?? []), address])]]);
}

export function roleOf(mac: string, answers: TestAnswers, { gateways, unused }: TestAddresses): AnswererRole {
  const answered = answers.get(mac);
  if (answered === undefined) return "host";
  const isProxy = unused.some((each) => each.length > 0 && each.every((address) => answered.has(address)));
  if (isProxy) return "proxy";
  return [...gateways].some((address) => answered.has(address)) ? "gateway" : "host";
}
