/** The table that stays: written, compared with what the kernel has, removed. */
import type { Logger } from "pino";
import { type GateFamily, gateText, listingTexts } from "../tables.ts";
import { removeGate, runNft } from "./nft.ts";

export interface GateTable {
  /** Makes the table as it should be, unless it is. @returns why it could not be made. Never rejects. */
  putUp(vips: ReadonlySet<string>): Promise<string | undefined>;
  /** Removes the table, also that of an earlier agent. @returns why it is still there. Never rejects. */
  takeDown(): Promise<string | undefined>;
}

/** @param onWritten called when a table was written, before it is listed for later comparisons. */
export function createGateTable(
  families: readonly GateFamily[],
  log: Logger,
  onWritten?: () => void,
): GateTable {
  /** What this agent wrote, and how nft lists that; undefined where the kernel's table is not known. */
  let written: { readonly text: string; readonly listing: string } | undefined;
  let isDown = families.length === 0;

  return {
    putUp: async (vips) => {
      const text = gateText(vips, families);
      const queries = listingTexts(vips, families);
      const isRepair = written?.text === text;
      if (isRepair && (await list(queries)) === written?.listing) return undefined;
      written = undefined;
      isDown = false;
      const result = await runNft(text);
      if ("reason" in result) return result.reason;
      onWritten?.();
      if (isRepair) log.warn("another program changed or removed the gate: the agent restored it");
      const listing = await list(queries);
      if (listing === undefined) return "nft does not list the table that it made";
      written = { text, listing };
      return undefined;
    },
    takeDown: async () => {
      if (isDown) return undefined;
      written = undefined;
      const reasons = await Promise.all(families.map(removeGate));
      isDown = reasons.every((reason) => reason === undefined);
      return reasons.find((reason) => reason !== undefined);
    },
  };
}

/** Undefined where nft failed, for example because a table is missing. One nft lists one table at a time. */
async function list(queries: readonly string[]): Promise<string | undefined> {
  const results = await Promise.all(queries.map((query) => runNft(query)));
  const outputs = results.flatMap((result) => ("reason" in result ? [] : result.output));
  return outputs.length < queries.length ? undefined : outputs.join("\n");
}
