import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { IMAGE_FLAGS } from "../../e2e/lab/image-program.ts";
import type { Figure } from "../figure.ts";

const PEERS = 1_000;
const PROGRAM = fileURLToPath(new URL("../pure-core-program.ts", import.meta.url));

export const PURE_CORE: Figure = {
  name: "pure-core",
  title: `Pure core: a snapshot of ${PEERS} peers to text`,
  unit: "ms",
  how: `A parsed snapshot whose service runs on ${PEERS + 1} hosts, through membership, settings and the instance's derivation to the text of keepalived.conf, in a process of its own for each run, with the image's settings of V8; the first call is measured apart. No input or output is part of it.`,
  contenders: [
    { name: "agent", open: async () => session(IMAGE_FLAGS), target: { atMost: 10 } },
    { name: "agent, V8's defaults", open: async () => session([]) },
  ],
};

function session(flags: readonly string[]) {
  return {
    measure: async () => {
      const { stdout } = await execa(process.execPath, [...flags, PROGRAM, String(PEERS)]);
      const { first, warm } = JSON.parse(stdout) as { first: number; warm: number };
      return { value: warm, notes: { "first call, ms": first } };
    },
    close: async () => undefined,
  };
}
