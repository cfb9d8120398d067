/** Whole tables of other programs. `npm run fuzz` plays them against the kernel. */
import { expect, it } from "vitest";
import { earlierTablesIn } from "../../src/iptables/table-read.ts";
import { judgePorts } from "../../src/ports/published-ports.ts";
import { VIP } from "./foreign-rules.ts";
import { ASKED_PORTS, PROGRAM_TABLES, VERDICT_OF_LETTER } from "./program-tables.ts";
import { TABLES_BEFORE } from "./program-tables-before.ts";

it.each([...PROGRAM_TABLES, ...TABLES_BEFORE])(
  "the table of $program is judged as the kernel follows it",
  ({ save, verdicts }) => {
    const questions = ASKED_PORTS.map((asked) => ({ ...asked, address: VIP, interface: "eth0" }));
    const legacy = { kind: "table", text: save } as const;

    const { ports } = judgePorts(
      { nft: { kind: "absent" }, legacy, earlier: earlierTablesIn(save) },
      questions,
    );

    expect(ports.map(({ verdict }) => verdict)).toEqual(
      [...verdicts].map((letter) => VERDICT_OF_LETTER[letter]),
    );
  },
);
