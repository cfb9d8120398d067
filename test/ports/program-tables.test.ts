/** Whole tables of other programs. `npm run fuzz` plays them against the kernel. */
import { expect, it } from "vitest";
import { parseTable } from "../../src/iptables/table.ts";
import { judgePort } from "../../src/ports/published-port.ts";
import { VIP } from "./foreign-rules.ts";
import { ASKED_PORTS, PROGRAM_TABLES, VERDICT_OF_LETTER } from "./program-tables.ts";

it.each(PROGRAM_TABLES)("the table of $program is judged as the kernel follows it", ({ save, verdicts }) => {
  const table = parseTable(save, "nat");
  if (!("chains" in table)) throw new Error(table.problem);

  const judged = ASKED_PORTS.map(
    (asked) => judgePort(table, { ...asked, address: VIP, interface: "eth0" }).verdict,
  );

  expect(judged).toEqual([...verdicts].map((letter) => VERDICT_OF_LETTER[letter]));
});
