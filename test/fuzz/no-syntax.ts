/** What must hold of every case: no value becomes syntax, and none is refused without being named. */
import { isDeepStrictEqual } from "node:util";
import { parseConf, type Statement } from "../../src/conf/parse.ts";
import type { ErrorCode } from "../../src/errors.ts";
import { describeProblem, type SettingProblem } from "../../src/settings/problem.ts";
import { ALL_ROWS } from "../../src/settings/table.ts";
import { HIDDEN } from "../../src/text/escape.ts";
import { type Decided, decide } from "./decision.ts";
import { expectedConf, type Node } from "./expected-conf.ts";
import type { FuzzCase } from "./fuzz-case.ts";
import { readAsKeepalived } from "./keepalived-reading.ts";

/** What a refusal must say, so that somebody knows which value is meant. Other codes are mistakes of the product. */
const NAMED: Readonly<Partial<Record<ErrorCode, RegExp>>> = {
  SETTINGS_INVALID: /^[A-Z_]+=/,
  SETTING_REFUSED: /^keepalived\./,
  VIP_MISSING: /virtual IP/,
  VIP_CONFLICT: /the virtual IP \S+ of \S+ \(.+\) is also /,
  VRID_UNKNOWN: /no VRID can be derived from \S+/,
  INTERFACE_UNKNOWN: /^interface .+ does not exist|no interface fits \S+/,
  SOURCE_UNKNOWN: /VRRP source \S+ \(|send adverts from/,
  PEER_ADDRESS_UNUSABLE: /has no address|both have|has \S+, but/,
  VALUE_UNWRITABLE: /cannot express "/,
};

/** Nothing that an operator has to read is longer, characters; a problem each counts by itself. */
const LONGEST_SENTENCE = 1_000;

const UNTIDY = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

const SECRETS = new Set<string | undefined>(
  ALL_ROWS.filter((row) => row.isSecret).map((row) => row.variable),
);

/** @returns what was decided. @throws {Error} where a value became syntax, or a refusal does not help. */
export function demandNoSyntax(template: string, it: FuzzCase): Decided {
  const decided = decide(template, it);
  const { decision, problems } = decided;
  problems.forEach(demandNaming);
  if (decision.kind === "refused") {
    demand(NAMED[decision.code]?.test(decision.message), `${decision.code} does not name what it refuses`);
    // a list of problems has a line each, and those were looked at
    if (decision.code !== "SETTINGS_INVALID") demandTidy(decision.message);
    if (decision.code === "VALUE_UNWRITABLE") demandSecrecy(decision.message, it);
    return decided;
  }
  const { text, desired, confPaths } = decision;
  const want = expectedConf(desired, confPaths);
  demand(isDeepStrictEqual(parseConf(text).map(nodeOf), want), `the text says something else:\n${text}`);
  demand(isDeepStrictEqual(readAsKeepalived(text), want), `keepalived reads something else:\n${text}`);
  for (const { interface: name, authPass } of desired.instances) {
    demand(
      it.links.some(({ ifname }) => ifname === name),
      "an interface was made up",
    );
    demand(authPass === undefined || authPass === it.env["AUTH_PASS"]?.trim(), "the password was changed");
  }
  return decided;
}

function demandNaming(problem: SettingProblem): void {
  const { source, value } = problem;
  demandTidy(describeProblem(problem));
  demand(source.kind !== "default" && source.name !== "", "a problem has no source");
  if (source.kind === "environment") {
    demand(
      ALL_ROWS.some(({ variable }) => variable === source.name),
      "a problem names no variable",
    );
    demand(!SECRETS.has(source.name) || value === HIDDEN, "a secret is shown");
  }
}

function demandTidy(sentence: string): void {
  demand(!UNTIDY.test(sentence), `a refusal holds what does not print: ${JSON.stringify(sentence)}`);
  demand(
    sentence.length <= LONGEST_SENTENCE,
    `a refusal has ${sentence.length} characters: ${sentence.slice(0, 200)}`,
  );
}

function demandSecrecy(message: string, { env }: FuzzCase): void {
  const pass = env["AUTH_PASS"]?.trim() ?? "";
  demand(pass === "" || !message.endsWith(` ${JSON.stringify(pass)}`), "a refusal shows the password");
}

function nodeOf({ words, block }: Statement): Node {
  return block === undefined ? [words] : [words, block.map(nodeOf)];
}

function demand(isSo: boolean | undefined, otherwise: string): asserts isSo {
  if (!isSo) throw new Error(otherwise);
}
