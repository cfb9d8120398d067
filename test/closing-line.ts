/** Ends a run with the one line that tells machines how it went: `N passed, N failed`. */
import type { Reporter, TestModule } from "vitest/node";

export class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    // a file that could not be loaded has no tests, and must not look like success
    const broken = modules.filter(
      (module) => module.state() === "failed" && [...module.children.allTests()].length === 0,
    );
    const skipped = count("skipped") > 0 ? `, ${count("skipped")} skipped` : "";
    process.stdout.write(
      `\n${count("passed")} passed, ${count("failed") + broken.length + errors.length} failed${skipped}\n`,
    );
  }
}
