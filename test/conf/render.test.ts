import { readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseConf, statementsOf } from "../../src/conf/parse.ts";
import { renderConf } from "../../src/conf/render.ts";
import { verifyConf } from "../../src/conf/verify.ts";
import { confWord } from "../../src/conf/word.ts";
import { CONF_PATHS, DESIRED, INSTANCE } from "../fixtures/desired.ts";

const root = path.join(import.meta.dirname, "..", "..");
const TEMPLATE = readFileSync(path.join(root, "templates", "keepalived.conf.njk"), "utf8");

describe("the shipped template", () => {
  it.each(Object.entries(DESIRED))("renders the text of fixtures/conf/%s.conf", async (name, desired) => {
    const text = renderConf(TEMPLATE, desired, CONF_PATHS);

    await expect(text).toMatchFileSnapshot(path.join(root, "test", "fixtures", "conf", `${name}.conf`));
    expect(() => verifyConf(text, desired, CONF_PATHS)).not.toThrow();
  });

  it("waits before it takes a VIP where the host has peers, and does not wait where it has none", () => {
    expect(renderConf(TEMPLATE, DESIRED["three-hosts"]!, CONF_PATHS)).toContain("vrrp_startup_delay 3");
    expect(renderConf(TEMPLATE, DESIRED["alone"]!, CONF_PATHS)).not.toContain("vrrp_startup_delay");
  });
});

describe("renderConf", () => {
  it.each([
    { why: "names something undefined", template: "{{ instances[0].prioritty }}" },
    { why: "uses a filter that does not exist", template: "{{ routerId | wrod }}" },
    { why: "is cut off", template: "{% for instance in instances %}" },
  ])("fails for a template that $why", ({ template }) => {
    expect(() => renderConf(template, DESIRED["alone"]!, CONF_PATHS)).toThrow(
      expect.objectContaining({ code: "TEMPLATE_BROKEN" }),
    );
  });

  it.each(["{{ prioritty }}", "{{ instances[0].prioritty }}", "{{ instances[0].prioritty | word }}"])(
    "names the line on which %s is undefined",
    (expression) => {
      expect(() => renderConf(`one\ntwo\n${expression}\n`, DESIRED["alone"]!, CONF_PATHS)).toThrow(
        expect.objectContaining({
          code: "TEMPLATE_BROKEN",
          message: expect.stringMatching(/\[Line 3, .*undefined/),
        }),
      );
    },
  );

  it("names the value, and not the template, where keepalived.conf cannot express one", () => {
    const desired = { routerId: "r", instances: [{ ...INSTANCE, interface: 'a"b' }] };

    expect(() => renderConf(TEMPLATE, desired, CONF_PATHS)).toThrow(
      expect.objectContaining({ code: "VALUE_UNWRITABLE", message: expect.stringContaining('a\\"b') }),
    );
  });

  it("never runs a value as a template", () => {
    const desired = { ...DESIRED["alone"]!, routerId: "{{ 7 * 7 }}" };

    expect(renderConf("{{ routerId }}", desired, CONF_PATHS)).toBe("{{ 7 * 7 }}");
  });
});

describe("confWord", () => {
  it("writes a value that is read back as the same word, or refuses it", () => {
    const nasty = fc.string({ unit: fc.constantFrom(..."ab0{}#!$@~\\ '\"\n\t;|&ü") });
    fc.assert(
      fc.property(fc.oneof(nasty, fc.string()), (value) => {
        let word: string;
        try {
          word = confWord(value);
        } catch (error) {
          expect(error).toMatchObject({ code: "VALUE_UNWRITABLE" });
          return;
        }
        const [statement, ...rest] = parseConf(`interface ${word}\nnext`);
        expect(statement?.words).toEqual(["interface", value]);
        expect(rest).toHaveLength(1);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each(["", "{", "}", 'a"b', "a\nb", "a\u0000b"])("refuses %j", (value) => {
    expect(() => confWord(value)).toThrow(expect.objectContaining({ code: "VALUE_UNWRITABLE" }));
  });
});

it("renders any interface name into exactly one interface statement", () => {
  const names = fc.string({ minLength: 1, maxLength: 15, unit: fc.constantFrom(..."ab.-@{#!$~'}") });
  fc.assert(
    fc.property(names, (name) => {
      // keepalived.conf cannot express these, and confWord refuses them
      fc.pre(name !== "}" && name !== "{" && !name.includes("${"));
      const desired = { routerId: "r", instances: [{ ...INSTANCE, interface: name }] };
      const text = renderConf(TEMPLATE, desired, CONF_PATHS);
      const [instance] = statementsOf(parseConf(text), "vrrp_instance");
      expect(statementsOf(instance?.block ?? [], "interface").map(({ words }) => words)).toEqual([
        ["interface", name],
      ]);
      expect(() => verifyConf(text, desired, CONF_PATHS)).not.toThrow();
    }),
  );
});
