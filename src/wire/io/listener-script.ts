/** The text of the listener program. The bundle is one file, so build/bundle.ts puts the text in the place of this module. */
import { readFileSync } from "node:fs";

const FILES = ["lease.pl", "owner-probe.pl", "listener.pl"];

export const LISTENER_SCRIPT = FILES.map((name) =>
  readFileSync(new URL(`../${name}`, import.meta.url), "utf8"),
).join("");
