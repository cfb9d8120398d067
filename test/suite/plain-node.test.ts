/** Benchmarks, models and the demo run the source by Node alone, which is stricter than the bundler about what a package exports. */
import { readdirSync } from "node:fs";
import { execa } from "execa";
import { expect, it } from "vitest";

const SOURCE = new URL("../../src/", import.meta.url);
const LOADER = `for (const url of JSON.parse(process.argv[1])) await import(url);
process.stdout.write("loaded");
process.exit();`;

it("loads each file of the source, but for the program itself", async () => {
  const files = readdirSync(SOURCE, { recursive: true, encoding: "utf8" });
  const urls = files
    .filter((file) => /\.ts$/.test(file) && file !== "main.ts")
    .map((file) => new URL(file, SOURCE).href);
  expect(urls.length).toBeGreaterThan(100);

  const { stdout } = await execa(process.execPath, [
    "--input-type=module",
    "-e",
    LOADER,
    JSON.stringify(urls),
  ]);
  expect(stdout).toBe("loaded");
});
