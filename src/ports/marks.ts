/** The marks of a client: of its packet, of its connection, and in lists. Rules set them, and rules ask for them. */
import { formatRule, type Rule, type RuleOption, type RuleTarget } from "../iptables/rule.ts";
import type { KnownEntries } from "./client-lists.ts";

export interface Marks {
  readonly packet: number;
  readonly connection: number;
  /** The rule that keeps the packet from connection tracking. */
  readonly untrackedBy?: Rule;
  readonly entries?: KnownEntries;
}

export const UNMARKED: Marks = { packet: 0, connection: 0 };

export function areSameMarks(a: Marks, b: Marks): boolean {
  return a === b || marksKey(a) === marksKey(b);
}

/** The same for marks that every rule takes for the same. */
export function marksKey({ packet, connection, untrackedBy, entries = NO_ENTRIES }: Marks): string {
  const tracking = untrackedBy === undefined ? "" : formatRule(untrackedBy);
  const listed = [...entries].map(([list, { least, most }]) => `${list}=${least}-${most}`).toSorted();
  return `${packet}/${connection}/${tracking}/${listed}`;
}

export const NO_ENTRIES: KnownEntries = new Map();

const ALL_BITS = 0xffff_ffff;

/** Whether no later rule finds a connection of the packet, as of `CT --notrack`. */
export function keepsFromTracking({ name, options }: RuleTarget): boolean {
  return name === "NOTRACK" || (name === "CT" && options.some((option) => option.name === "--notrack"));
}

export function untrack(rule: Rule): (marks: Marks) => Marks {
  return (marks) => ({ untrackedBy: rule, ...marks });
}

/** What a MARK or CONNMARK target does to the marks. Undefined for one that is not known, and for another target. */
export function changeOfMarks(target: RuleTarget): ((marks: Marks) => Marks) | undefined {
  const change = changeByTarget(target);
  if (change === undefined || target.name === "MARK") return change;
  // CONNMARK does nothing to a packet without a connection
  return (marks) => (marks.untrackedBy === undefined ? change(marks) : marks);
}

function changeByTarget({ name, options }: RuleTarget): ((marks: Marks) => Marks) | undefined {
  const [act, ...others] = options;
  if (name !== "MARK" && name !== "CONNMARK") return undefined;
  if (act === undefined) return undefined;
  const change = changeOfBits(act);
  if (change !== undefined && others.length === 0) {
    if (name === "MARK") return (marks) => ({ ...marks, packet: change(marks.packet) });
    return (marks) => ({ ...marks, connection: change(marks.connection) });
  }
  return name === "CONNMARK" ? copyBetweenMarks(act, others) : undefined;
}

type BitChange = (bits: number) => number;

/** iptables-save writes all of them as `--set-xmark`. People write the others. */
function changeOfBits({ name, values: [text = ""] }: RuleOption): BitChange | undefined {
  const [value = Number.NaN, mask = ALL_BITS] = text.split("/").map(bitsOf);
  if (Number.isNaN(value) || Number.isNaN(mask)) return undefined;
  switch (name) {
    case "--set-xmark":
      return (bits) => replaceBits(bits, mask, value);
    case "--set-mark":
      return (bits) => replaceBits(bits, mask | value, value);
    case "--and-mark":
      return (bits) => (bits & value) >>> 0;
    case "--or-mark":
      return (bits) => (bits | value) >>> 0;
    case "--xor-mark":
      return (bits) => (bits ^ value) >>> 0;
    default:
      return undefined;
  }
}

/** `--save-mark` and `--restore-mark`, with the masks of both marks. */
function copyBetweenMarks(
  { name }: RuleOption,
  masks: readonly RuleOption[],
): ((marks: Marks) => Marks) | undefined {
  let [packetMask, connectionMask] = [ALL_BITS, ALL_BITS];
  for (const { name: option, values } of masks) {
    const bits = bitsOf(values[0] ?? "");
    if (Number.isNaN(bits)) return undefined;
    if (option === "--nfmask" || option === "--mask") packetMask = bits;
    if (option === "--ctmask" || option === "--mask") connectionMask = bits;
    else if (option !== "--nfmask") return undefined;
  }
  if (name === "--save-mark") {
    return ({ packet, connection, ...rest }) => ({
      ...rest,
      packet,
      connection: replaceBits(connection, connectionMask, packet & packetMask),
    });
  }
  if (name !== "--restore-mark") return undefined;
  return ({ packet, connection, ...rest }) => ({
    ...rest,
    packet: replaceBits(packet, packetMask, connection & connectionMask),
    connection,
  });
}

/** Clears the bits of the mask, and turns over those of the value. */
function replaceBits(bits: number, mask: number, value: number): number {
  return ((bits & ~mask) ^ value) >>> 0;
}

function bitsOf(text: string): number {
  return text === "" ? Number.NaN : Number(text);
}
