/** docs/use/install.md, for those who know keepalived: the keywords are keepalived's, and the settings are the agent's. */
import { describe, expect, it } from "vitest";
import { ALL_ROWS } from "../../src/settings/table.ts";
import { readDocument, tableRows } from "./readme.ts";

const page = readDocument("docs/use/install.md");
const template = readDocument("templates/keepalived.conf.njk");
const [, part = ""] = page.split("\n## You come from a keepalived.conf of your own\n");
const rows = tableRows(/^\|.*\n(?:\|.*\n)+/m.exec(part)?.[0] ?? "");
const words = (cell = "") => [...cell.matchAll(/`([^`]+)`/g)].map(([, word = ""]) => word);

/** Keywords of a keepalived.conf that the agent writes none of. */
const NOT_WRITTEN = ["vrrp_script", "track_script", "track_interface", "notify", "notify_master"];

describe("the table for those who have a keepalived.conf", () => {
  it.each(rows)("%s has keywords that the template writes, or is known not to", (keywords) => {
    const isWritten = (word: string) => new RegExp(`^ *${word}\\b`, "m").test(template);

    expect(words(keywords).filter((word) => isWritten(word) === NOT_WRITTEN.includes(word))).toEqual([]);
  });

  it("has each setting of a group that decides who owns a VIP", () => {
    const named = rows.flatMap(([, here]) => words(here)).map((word) => word.split("=")[0]!);
    const variables = ALL_ROWS.flatMap(({ variable }) => variable ?? []);

    expect(named.filter((word) => /^[A-Z_]{4,}$/.test(word) && !variables.includes(word))).toEqual([
      "BACKUP",
    ]);
    expect(named).toEqual(
      expect.arrayContaining(["VIRTUAL_IP", "INTERFACE", "VRID", "PRIORITY", "PREEMPT", "UNICAST_PEERS"]),
    );
  });
});
