import { expect, it } from "vitest";
import { exitError } from "../../src/keepalived/exit.ts";

it.each([
  {
    exit: { exitCode: 0, signal: undefined, uptimeMs: 4 },
    complaints: ["daemon is already running"],
    message: "keepalived ended with exit code 0 before it had started: daemon is already running",
  },
  {
    exit: { exitCode: undefined, signal: "SIGSEGV", uptimeMs: 4 },
    complaints: [],
    message: "keepalived ended by SIGSEGV before it had started",
  },
  {
    exit: { exitCode: 2, signal: undefined, uptimeMs: 4 },
    complaints: ["interface nope0 doesn't exist", "exited with permanent error CONFIG"],
    message:
      "keepalived ended with exit code 2 before it had started: " +
      "interface nope0 doesn't exist; exited with permanent error CONFIG",
  },
])("$message", ({ exit, complaints, message }) => {
  expect(exitError(exit, "before it had started", complaints)).toMatchObject({
    code: "KEEPALIVED_EXITED",
    message,
  });
});
