import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, it } from "vitest";
import { LISTENER_SCRIPT } from "../../../src/wire/io/listener-script.ts";

const FILE = fileURLToPath(new URL("../../../src/wire/listener.pl", import.meta.url));
const BUNDLE = fileURLToPath(new URL("../../../dist/rancher-keepalived.mjs", import.meta.url));

it("is Perl without errors and warnings", async () => {
  const { stderr } = await execa("perl", ["-wc", FILE]);

  expect(stderr).toBe(`${FILE} syntax OK`);
});

it("is part of the bundle, so that the agent needs no file beside it", async () => {
  const { stdout } = await execa("grep", ["--count", "--fixed-strings", "sub send_due_probes", BUNDLE]);

  expect(LISTENER_SCRIPT).toContain("sub send_due_probes");
  expect(Number(stdout)).toBeGreaterThan(0);
});
