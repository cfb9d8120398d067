import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { renderConfForDisplay } from "../../src/conf/passwords.ts";
import { renderConf } from "../../src/conf/render.ts";
import { CONF_PATHS, DESIRED } from "../fixtures/desired.ts";

const SHIPPED = readFileSync(new URL("../../templates/keepalived.conf.njk", import.meta.url), "utf8");
const WITH_PASSWORD = DESIRED["multicast-v2"]!;

it("shows the file, line by line, without the password", () => {
  const lines = renderConf(SHIPPED, WITH_PASSWORD, CONF_PATHS).split("\n");
  const shown = renderConfForDisplay(SHIPPED, WITH_PASSWORD, CONF_PATHS).split("\n");

  const different = lines.flatMap((line, index) => (line === shown[index] ? [] : [[line, shown[index]]]));
  expect(different).toEqual([['    auth_pass "pa#s {1}"', "    auth_pass (hidden)"]]);
});

it("shows the whole file where there is no password", () => {
  const desired = DESIRED["three-hosts"]!;

  expect(renderConfForDisplay(SHIPPED, desired, CONF_PATHS)).toBe(renderConf(SHIPPED, desired, CONF_PATHS));
});

it.each([
  "auth_pass {{ instances[0].authPass }}",
  "# the password is {{ instances[0].authPass | word }}",
  "auth_pass hunter2",
  "authentication { auth_type PASS auth_pass 'hunter2' }",
  'auth_pass "hunter2 }"',
])("hides the password of a template that has %s", (template) => {
  const instances = WITH_PASSWORD.instances.map((instance) => ({ ...instance, authPass: "hunter2" }));

  const shown = renderConfForDisplay(template, { ...WITH_PASSWORD, instances }, CONF_PATHS);

  expect(shown).toContain("(hidden)");
  expect(shown).not.toContain("hunter2");
});
