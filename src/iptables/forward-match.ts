/**
 * Whether a rule of a filter table applies to the packet that opens a client's connection, after DNAT, or to the answer.
 *
 * The client, its port and the packet's mark are not known, so conditions on them are a `maybe`. (Rancher's own rules
 * accept by a mark that they set earlier.)
 */
import { familyOf } from "../network/address.ts";
import {
  type Certainty,
  type ConditionJudge,
  certain,
  isListed,
  isNamed,
  isWithin,
  matchRule,
} from "./filter-match.ts";
import type { Rule } from "./rule.ts";

export interface ForwardedPacket {
  readonly protocol: "tcp" | "udp";
  readonly direction: "to-target" | "from-target";
  /** The interface that it comes in through. Undefined where it is not known, as `outInterface`. */
  readonly inInterface: string | undefined;
  readonly outInterface: string | undefined;
  /** If `outInterface` is not known: an interface through which it certainly does not go out. */
  readonly avoidedInterface?: string | undefined;
  /** What DNAT made the destination of the first packet. The address is canonical. */
  readonly target: string;
  readonly targetPort: number;
}

const PROTOCOL_NUMBERS = { tcp: "6", udp: "17" };
const PORT_OR_RANGE = /^(\d+)(?::(\d*))?$/;

type Judge = ConditionJudge<ForwardedPacket>;

/** The client's own address and ports are not known. */
const judgeSourcePorts: Judge = (value, { direction, targetPort }) =>
  direction === "from-target" ? holdsPort(value, targetPort) : "maybe";
const judgeDestinationPorts: Judge = (value, { direction, targetPort }) =>
  direction === "to-target" ? holdsPort(value, targetPort) : "maybe";
const judgeTracking: Judge = (value, { direction }) => {
  // the destination of the first packet was translated, which stays a state of the whole connection
  const states = [direction === "to-target" ? "NEW" : "ESTABLISHED", "DNAT"];
  return certain(states.some((state) => isListed(value, state) === "yes"));
};

const JUDGES = new Map<string, Judge>([
  [
    "-p",
    (value, { protocol }) =>
      certain(["all", "0", protocol, PROTOCOL_NUMBERS[protocol]].includes(value.toLowerCase())),
  ],
  [
    "-s",
    (value, { direction, target }) =>
      isWithin(direction === "from-target" ? target : undefined, value, familyOf(target)),
  ],
  [
    "-d",
    (value, { direction, target }) =>
      isWithin(direction === "to-target" ? target : undefined, value, familyOf(target)),
  ],
  ["-i", (value, { inInterface }) => isInterface(inInterface, value)],
  ["-o", (value, { outInterface, avoidedInterface }) => isInterface(outInterface, value, avoidedInterface)],
  ["--sport", judgeSourcePorts],
  ["--sports", judgeSourcePorts],
  ["--source-port", judgeSourcePorts],
  ["--source-ports", judgeSourcePorts],
  ["--dport", judgeDestinationPorts],
  ["--dports", judgeDestinationPorts],
  ["--destination-port", judgeDestinationPorts],
  ["--destination-ports", judgeDestinationPorts],
  ["--state", judgeTracking],
  ["--ctstate", judgeTracking],
  ["--comment", () => "yes"],
]);

export function matchForwarded(rule: Rule, packet: ForwardedPacket): Certainty {
  return matchRule(rule, packet, JUDGES);
}

function isInterface(name: string | undefined, value: string, avoided?: string): Certainty {
  if (name !== undefined) return certain(isNamed(name, value));
  return value === avoided ? "no" : "maybe";
}

/** @param list such as `80,8000:8100`. */
function holdsPort(list: string, port: number): Certainty {
  const ranges = list.split(",").map((part) => PORT_OR_RANGE.exec(part));
  if (ranges.some((range) => range === null)) return "maybe";
  return certain(
    ranges.some((range) => {
      const [, first = "0", last = first] = range ?? [];
      return Number(first) <= port && port <= (last === "" ? 65_535 : Number(last));
    }),
  );
}
