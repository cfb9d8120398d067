/**
 * What can be wrong with a workflow by its file alone, in the way of actionlint: keys that GitHub does not know, jobs and steps
 * that refer to others that are not there, expressions, inputs of actions, and the syntax of shell commands.
 */
import { spawnSync } from "node:child_process";
import * as v from "valibot";
import { parse } from "yaml";

const Text = v.pipe(v.string(), v.nonEmpty());
const Values = v.record(Text, v.union([v.string(), v.number(), v.boolean()]));
const Permissions = v.record(
  v.picklist(["contents", "packages", "id-token", "attestations", "issues", "pull-requests"]),
  v.picklist(["read", "write", "none"]),
);
const Filters = v.nullable(
  v.strictObject({
    branches: v.optional(v.array(Text)),
    tags: v.optional(v.array(Text)),
    paths: v.optional(v.array(Text)),
  }),
);
const Step = v.strictObject({
  id: v.optional(v.pipe(v.string(), v.regex(/^[a-z_][\w-]*$/i))),
  name: v.optional(Text),
  uses: v.optional(Text),
  run: v.optional(Text),
  with: v.optional(Values),
  env: v.optional(Values),
  if: v.optional(Text),
  shell: v.optional(Text),
  "working-directory": v.optional(Text),
});
const Job = v.strictObject({
  name: v.optional(Text),
  needs: v.optional(v.union([Text, v.array(Text)])),
  if: v.optional(Text),
  // without a limit, a job that hangs runs for six hours
  "timeout-minutes": v.pipe(v.number(), v.integer(), v.minValue(1)),
  // a label such as ubuntu-latest changes its meaning by itself
  "runs-on": v.picklist(["ubuntu-22.04", "ubuntu-24.04", "ubuntu-24.04-arm"]),
  permissions: v.optional(Permissions),
  env: v.optional(Values),
  container: v.optional(v.strictObject({ image: Text, options: v.optional(Text) })),
  steps: v.pipe(v.array(Step), v.nonEmpty()),
});
const Workflow = v.strictObject({
  name: Text,
  on: v.strictObject({
    push: v.optional(Filters),
    pull_request: v.optional(Filters),
    workflow_dispatch: v.optional(v.null()),
  }),
  permissions: Permissions,
  concurrency: v.optional(v.strictObject({ group: Text, "cancel-in-progress": v.boolean() })),
  env: v.optional(Values),
  jobs: v.record(v.pipe(v.string(), v.regex(/^[a-z_][\w-]*$/i)), Job),
});

export type WorkflowFile = v.InferOutput<typeof Workflow>;
type WorkflowJob = v.InferOutput<typeof Job>;
type WorkflowStep = v.InferOutput<typeof Step>;

/** The actions that may be used, pinned to a major version, with the inputs and outputs of that version that are used here. */
const ACTIONS: Readonly<
  Record<string, { readonly with: readonly string[]; readonly outputs: readonly string[] }>
> = {
  "actions/checkout@v4": { with: ["fetch-depth", "ref"], outputs: ["commit", "ref"] },
  "docker/setup-qemu-action@v3": { with: ["platforms"], outputs: [] },
  "docker/setup-buildx-action@v3": { with: ["version"], outputs: [] },
  "docker/login-action@v3": { with: ["registry", "username", "password"], outputs: [] },
  "docker/build-push-action@v6": {
    with: ["context", "file", "platforms", "push", "tags", "labels", "build-args", "sbom", "provenance"],
    outputs: ["digest", "imageid", "metadata"],
  },
  "actions/attest-build-provenance@v2": {
    with: ["subject-name", "subject-digest", "push-to-registry"],
    outputs: ["bundle-path"],
  },
};

/** The contexts that a step may read, by how their names go on. */
const CONTEXTS =
  /^(?:github\.(?:repository|ref|sha|actor|server_url|run_id|event_name)|secrets\.\w+|env\.\w+|(?:steps|needs)\.[\w-]+\.outputs\.\w+)$/;

/** What is wrong with the text of a workflow, each with its place. Empty where nothing is. */
export function lintWorkflow(text: string): string[] {
  const parsed = v.safeParse(Workflow, parse(text));
  if (!parsed.success) return parsed.issues.map((issue) => `${v.getDotPath(issue)}: ${issue.message}`);
  const workflow = parsed.output;
  return [
    ...(text.match(/\$\{\{(?!(?:(?!\$\{\{)[^}])*\}\})/g) ?? []).map(() => "an expression is not closed"),
    ...Object.entries(workflow.jobs).flatMap(([name, job]) =>
      jobFaults(job, workflow).map((fault) => `${name}: ${fault}`),
    ),
  ];
}

function jobFaults(job: WorkflowJob, { jobs, env = {} }: WorkflowFile): string[] {
  const ids = job.steps.flatMap(({ id }) => id ?? []);
  return [
    ...[job.needs ?? []]
      .flat()
      .filter((need) => jobs[need] === undefined)
      .map((need) => `needs ${need}, which is no job`),
    ...ids.filter((id, index) => ids.indexOf(id) !== index).map((id) => `two steps are called ${id}`),
    ...job.steps.flatMap((step, index) => [
      ...stepFaults(step),
      ...expressionFaults(step, job.steps.slice(0, index), { ...env, ...job.env, ...step.env }),
    ]),
  ];
}

function stepFaults({ uses, run, with: inputs = {} }: WorkflowStep): string[] {
  if ((uses === undefined) === (run === undefined)) return ["a step has to use an action or run a command"];
  if (run !== undefined) {
    const { status, stderr } = spawnSync("sh", ["-n"], { input: run, encoding: "utf8" });
    return [
      ...(status === 0 ? [] : [`the shell refuses: ${stderr.trim()}`]),
      ...(run.includes("${{") ? ["an expression in a command would be run as one"] : []),
      ...(Object.keys(inputs).length > 0 ? ["`with` is for actions"] : []),
    ];
  }
  const action = ACTIONS[uses ?? ""];
  if (action === undefined) return [`${uses} is no action of the list, pinned to a version`];
  return Object.keys(inputs)
    .filter((input) => !action.with.includes(input))
    .map((input) => `${uses} has no input ${input}`);
}

/** Faults of the expressions of a step; `before` are the steps whose outputs it may read. */
function expressionFaults(
  step: WorkflowStep,
  before: readonly WorkflowStep[],
  env: Readonly<Record<string, unknown>>,
): string[] {
  const names = [...JSON.stringify(step).matchAll(/\$\{\{ *(.*?) *\}\}/g)].map(([, name = ""]) => name);
  return names.flatMap((name) => {
    if (!CONTEXTS.test(name)) return [`${name} is no value that a step has`];
    const [context, id = "", , output = ""] = name.split(".");
    if (context === "env" && env[id] === undefined) return [`${name} is set nowhere`];
    if (context !== "steps") return [];
    const source = before.find((each) => each.id === id);
    return source !== undefined && outputsOf(source).includes(output)
      ? []
      : [`no earlier step has the output ${name}`];
  });
}

function outputsOf({ uses, run = "" }: WorkflowStep): readonly string[] {
  if (uses !== undefined) return ACTIONS[uses]?.outputs ?? [];
  return [...run.matchAll(/^echo "(\w+)=.*" >> "\$GITHUB_OUTPUT"$/gm)].map(([, name = ""]) => name);
}
