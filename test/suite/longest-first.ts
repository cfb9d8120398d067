/** Has vitest start the files that take longest first: a new checkout has no cache that tells them. */
import path from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { longestFirst, readDurations } from "./durations.ts";

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { root } = this.ctx.config;
    return longestFirst(files, ({ moduleId }) => path.relative(root, moduleId), readDurations());
  }
}
