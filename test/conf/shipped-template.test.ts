/** The shipped template as it is compiled into the bundle. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { compiledCode } from "../../build/compiled-template.ts";
import { renderConf } from "../../src/conf/render.ts";
import type { CompiledTemplate } from "../../src/conf/shipped-template.ts";
import { CONF_PATHS, DESIRED } from "../fixtures/desired.ts";

const ROOT = path.join(import.meta.dirname, "..", "..");
const TEXT = readFileSync(path.join(ROOT, "templates", "keepalived.conf.njk"), "utf8");

/** As the bundle has it. */
function compiled(template: string, text = template): CompiledTemplate {
  return { text, code: new Function(compiledCode(template))() };
}

it.each(Object.entries(DESIRED))("renders fixtures/conf/%s.conf as the text does", (name, desired) => {
  const shipped = compiled(TEXT);
  // a text that was rendered before is kept: another one comes between
  renderConf("", desired, CONF_PATHS);

  const expected = readFileSync(path.join(ROOT, "test", "fixtures", "conf", `${name}.conf`), "utf8");
  expect(renderConf(TEXT, desired, CONF_PATHS, shipped)).toBe(expected);
});

it("is used for its own text alone", () => {
  const shipped = compiled("compiled", "shipped");
  const render = (text: string) => renderConf(text, DESIRED["alone"]!, CONF_PATHS, shipped);

  expect(render("shipped")).toBe("compiled");
  expect(render("shipped, and edited")).toBe("shipped, and edited");
});

it("tells the line of a name that is undefined", () => {
  const template = "router\n{{ prioritty }}";
  const render = () => renderConf(template, DESIRED["alone"]!, CONF_PATHS, compiled(template));

  expect(render).toThrow(/Line 2/);
});
