/**
 * Run as `npm run test:image`: builds the image with a Docker Engine of its own, runs it on three hosts made of network
 * namespaces, an engine each, and proves what the image promises. Takes some minutes, and is no part of `npm test`.
 *
 * The bases are stand-ins that are made here; `--pull` has them fetched. Exit status 1 at the first claim that fails.
 */
import assert from "node:assert/strict";
import { parseArgs } from "node:util";
import { newLabName } from "../e2e/lab/namespace.ts";
import { build, provideBases, save, sizeOf } from "./build.ts";
import { Engine } from "./engine.ts";
import { Fleet } from "./fleet.ts";
import { type Images, PROOFS } from "./proofs.ts";

const IMAGES: Images = ["rancher-keepalived:first", "rancher-keepalived:second"];
const MAX_BYTES = 230e6;
const MAX_GZIP_BYTES = 85e6;

const { values } = parseArgs({ options: { pull: { type: "boolean", default: false } } });
const startMs = performance.now();
const builder = await Engine.start({ name: `${newLabName()}-build` });
try {
  await provideBases(builder, values.pull);
  tell("bases are there");
  for (const image of IMAGES) await build(builder, image, image);
  const { bytes, gzipBytes } = await sizeOf(builder, IMAGES[0]);
  tell(`image built: ${megabytes(bytes)}, ${megabytes(gzipBytes)} by gzip`);
  assert.ok(bytes <= MAX_BYTES && gzipBytes <= MAX_GZIP_BYTES, "the image is too large");
  await prove(await save(builder, IMAGES));
} finally {
  await builder.end();
}

async function prove(imagesFile: string): Promise<void> {
  const fleet = await Fleet.create(imagesFile);
  try {
    tell("three engines run");
    for (const [claim, proof] of PROOFS) tell(`ok  ${claim}: ${await proof(fleet, IMAGES)}`);
  } catch (error) {
    for (const host of fleet.hosts) process.stderr.write(`${host.name}:\n${await host.logTail()}\n`);
    throw error;
  } finally {
    await fleet.destroy();
  }
}

function tell(text: string): void {
  const seconds = ((performance.now() - startMs) / 1_000).toFixed(0);
  process.stdout.write(`${seconds.padStart(4)} s  ${text}\n`);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
