/**
 * The shown parts of a member's `GET /status`. It comes over HTTP from a host that may be any machine, so it is
 * checked: texts and lists are cut to what a screen can show, and a field of a wrong type makes the whole answer
 * unusable.
 */
import * as v from "valibot";

/** Limits of one answer. A host has at most 255 groups. */
const MAX = { groups: 255, vips: 100, checks: 20, problems: 200, name: 255, text: 1_000 } as const;

const name = cutAfter(MAX.name);
const text = cutAfter(MAX.text);
const instant = v.pipe(v.string(), v.isoTimestamp());
const optionalText = v.optional(text, undefined);

const ownerSchema = v.object({
  host: v.optional(name, undefined),
  uuid: v.optional(name, undefined),
  address: v.optional(name, undefined),
  isSelf: v.boolean(),
  since: instant,
  heardAt: v.optional(instant, undefined),
});

const instanceSchema = v.object({
  name,
  state: name,
  since: instant,
  priority: v.number(),
  vips: upTo(MAX.vips, name),
  source: v.optional(name, undefined),
  owner: v.optional(ownerSchema, undefined),
  noOwner: v.optional(v.object({ since: instant, text }), undefined),
});

const healthSchema = v.object({
  group: name,
  isHealthy: v.boolean(),
  drainedBy: optionalText,
  heldBy: optionalText,
  checks: upTo(
    MAX.checks,
    v.object({
      name,
      verdict: v.picklist(["healthy", "unhealthy", "unknown"]),
      reason: text,
      since: instant,
    }),
  ),
});

const reportSchema = v.object({
  agent: v.object({ version: name }),
  host: v.optional(v.object({ uuid: name, name }), undefined),
  metadata: v.object({ source: name }),
  keepalived: v.object({ isRunning: v.boolean() }),
  instances: upTo(MAX.groups, instanceSchema),
  health: upTo(MAX.groups, healthSchema),
  contradictions: upTo(MAX.problems, v.object({ text, since: instant, isLasting: v.boolean() })),
  splitBrain: upTo(MAX.problems, v.object({ group: name, cause: name, text, hint: text, since: instant })),
  problems: upTo(
    MAX.problems,
    v.object({
      part: name,
      code: v.optional(name, undefined),
      message: text,
      hint: optionalText,
      since: instant,
    }),
  ),
});

type Unchanging<T> = T extends readonly (infer Item)[]
  ? readonly Unchanging<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Unchanging<T[Key]> }
    : T;

/** A `Status` is one as it is. */
export type MemberReport = Unchanging<v.InferOutput<typeof reportSchema>>;
export type InstanceReport = MemberReport["instances"][number];
export type HealthReport = MemberReport["health"][number];

/** The report, or why the document is none: `expected a string at instances.0.name`. Never throws. */
export function parseMemberReport(document: unknown): MemberReport | string {
  const result = v.safeParse(reportSchema, document, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const place = v.getDotPath(issue);
  return `expected ${issue.expected ?? "another value"}${place === null ? "" : ` at ${place}`}`;
}

function cutAfter(length: number) {
  return v.pipe(
    v.string(),
    v.transform((whole) => (whole.length <= length ? whole : `${whole.slice(0, length - 1)}…`)),
  );
}

function upTo<const Item extends v.GenericSchema>(length: number, item: Item) {
  return v.pipe(
    v.array(v.unknown()),
    v.transform((items) => items.slice(0, length)),
    v.array(item),
  );
}
