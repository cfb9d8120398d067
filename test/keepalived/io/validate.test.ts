import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { validateConf } from "../../../src/keepalived/io/validate.ts";
import { type Lab, openLab } from "./lab.ts";

let lab: Lab;
beforeEach(async () => {
  lab = await openLab();
});
afterEach(() => lab.remove());

const validate = (signal = new AbortController().signal) => validateConf(lab.conf, { log: lab.log, signal });

describe("keepalived -t", () => {
  it("accepts the conf of a lone host", async () => {
    await lab.writeConf();

    await expect(validate()).resolves.toBeUndefined();
  });

  it.each([
    { why: "an unknown keyword", edit: (text: string) => text.replace("priority 240", "priorit 240") },
    { why: "a missing interface", edit: (text: string) => text.replaceAll("eth0", "nope0") },
    { why: "a missing brace", edit: (text: string) => text.trimEnd().slice(0, -1) },
  ])("refuses $why, in its own words", async ({ edit }) => {
    await lab.writeConf(edit);

    await expect(validate()).rejects.toMatchObject({
      code: "CONF_REJECTED",
      message: expect.stringMatching(/^keepalived refused the file: .*(priorit|nope0|missing '})/i),
    });
  });

  it("refuses a file that is not there, although keepalived exits with 0 then", async () => {
    await expect(validate()).rejects.toMatchObject({ code: "CONF_REJECTED" });
  });

  it("gives a message of bounded length on one line", async () => {
    await lab.writeConf((text) => text + "nonsense 1\n".repeat(5_000));

    const error = await validate().catch((cause: Error) => cause);

    expect(error?.message.length).toBeLessThan(2_100);
    expect(error?.message).not.toContain("\n");
  });
});

describe("where keepalived gives no answer", () => {
  it("an absent keepalived is distinguished from a refused file", async () => {
    await lab.onlyPrograms("setpriv");

    await expect(validate()).rejects.toMatchObject({ code: "KEEPALIVED_UNAVAILABLE" });
  });

  it("a killed keepalived is distinguished from a refused file", async () => {
    await lab.standIn("kill -KILL $$");

    await expect(validate()).rejects.toMatchObject({ code: "KEEPALIVED_UNAVAILABLE" });
  });

  it("a keepalived that hangs is given up", async () => {
    await lab.standIn("exec sleep 60");

    await expect(validate()).rejects.toMatchObject({ code: "KEEPALIVED_UNAVAILABLE" });
  });

  it("an abort comes back as the abort", async () => {
    await lab.standIn("exec sleep 60");
    const abort = new AbortController();
    const answer = validate(abort.signal);
    abort.abort(new Error("the agent ends"));

    await expect(answer).rejects.toThrow("the agent ends");
  });
});

it("keepalived gets no secret of the agent's environment", async () => {
  vi.stubEnv("AUTH_PASS", "secret");
  await lab.standIn("env; exit 5");

  const error = await validate().catch((cause: Error) => cause);

  expect(error?.message).toContain("LC_ALL=C");
  expect(error?.message).not.toContain("secret");
});
