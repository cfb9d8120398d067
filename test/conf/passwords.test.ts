import fc from "fast-check";
import * as v from "valibot";
import { expect, it } from "vitest";
import { hidePasswords, insertPassword, lacksPassword } from "../../src/conf/passwords.ts";
import { renderConf } from "../../src/conf/render.ts";
import { PASSWORD } from "../../src/settings/value-text.ts";
import { CONF_PATHS, DESIRED } from "../fixtures/desired.ts";

const SECRET = DESIRED["multicast-v2"]!;
const TEMPLATE =
  "{% for instance in instances %}{% if instance.authPass %}auth_pass {{ instance.authPass | word }}\n{% endif %}{% endfor %}";

it("hides a password, and restores the same text with it", () => {
  const passwords = fc.string({ minLength: 1, maxLength: 8, unit: fc.constantFrom(..."ab0$&'`#!{}~ ") });
  fc.assert(
    fc.property(passwords, (authPass) => {
      fc.pre(authPass.trim() === authPass && v.is(PASSWORD.schema, authPass));
      const desired = { ...SECRET, instances: SECRET.instances.map((one) => ({ ...one, authPass })) };
      const hidden = hidePasswords(desired);
      const kept = { text: renderConf(TEMPLATE, hidden, CONF_PATHS), instances: hidden.instances };

      expect(lacksPassword(kept.text)).toBe(true);
      expect(insertPassword(kept, authPass)).toEqual({
        text: renderConf(TEMPLATE, desired, CONF_PATHS),
        instances: desired.instances,
      });
    }),
  );
});

it("does not change a configuration without passwords", () => {
  const desired = DESIRED["three-hosts"]!;

  expect(hidePasswords(desired)).toEqual(desired);
  expect(insertPassword({ text: "interface eth0", instances: desired.instances }, "eth0")).toEqual({
    text: "interface eth0",
    instances: desired.instances,
  });
});

it("knows that the password is missing where this run has none", () => {
  const { instances } = hidePasswords(SECRET);
  const revealed = insertPassword({ text: 'auth_pass "(hidden)"', instances }, undefined);

  expect(lacksPassword(revealed.text)).toBe(true);
  expect(revealed.instances).toMatchObject([{ authPass: undefined }]);
});
