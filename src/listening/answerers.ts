/**
 * What the machines are that answer for addresses, as far as it shows by what else they answer for.
 *
 * A router may answer for a host that is off, and a NAT gateway for all hosts behind it. Such an answer names no host.
 */
import type { AddressAnswer } from "./answers.ts";

/** `gateway`: it has the address of one of this host's gateways. `proxy`: it answers for addresses that nobody has. */
export type AnswererRole = "host" | "gateway" | "proxy";

/** What is asked for to tell them apart. */
export interface TestAddresses {
  /** Those of this host's gateways. */
  readonly gateways: ReadonlySet<string>;
  /** Sets of addresses that nobody has. One of a set may be somebody's all the same, so a proxy answers for all of one. */
  readonly unused: readonly (readonly string[])[];
}

/** The addresses that each MAC answered for, of those that were asked for as a test. */
export type TestAnswers = ReadonlyMap<string, ReadonlySet<string>>;

/** Made-up answers must not cost memory. */
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
