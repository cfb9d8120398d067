/** The text of the listener program. The bundle is one file, so build/bundle.ts puts the text in the place of this module. */
import { readFileSync } from "node:fs";
import { LISTENER_PARTS } from "../listener-parts.ts";

export const LISTENER_SCRIPT = LISTENER_PARTS.map((name) =>
  readFileSync(new URL(`../${name}`, import.meta.url), "utf8"),
).join("");
