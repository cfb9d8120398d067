import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, it } from "vitest";
import { LISTENER_SCRIPT } from "../../../src/wire/io/listener-script.ts";
import { LISTENER_PARTS } from "../../../src/wire/listener-parts.ts";

/** Those that do not share variables with others. */
const FILES = LISTENER_PARTS.filter((name) => !name.startsWith("owner-probe-")).map((name) =>
  fileURLToPath(new URL(`../../../src/wire/${name}`, import.meta.url)),
);
const BUNDLE = fileURLToPath(new URL("../../../dist/rancher-keepalived.mjs", import.meta.url));

it("is Perl without errors and warnings, each file and all together", async () => {
  const whole = await execa("perl", ["-wc", "-e", LISTENER_SCRIPT]);
  const each = await Promise.all(FILES.map((file) => execa("perl", ["-wc", file])));

  expect(whole.stderr).toBe("-e syntax OK");
  expect(each.map(({ stderr }) => stderr)).toEqual(FILES.map((file) => `${file} syntax OK`));
});

it("is part of the bundle, so that the agent needs no file beside it", async () => {
  const { stdout } = await execa("grep", ["--count", "--fixed-strings", "sub send_due_probes", BUNDLE]);

  expect(LISTENER_SCRIPT).toContain("sub send_due_probes");
  expect(LISTENER_SCRIPT).toContain("sub try_kernel");
  expect(Number(stdout)).toBeGreaterThan(0);
});
