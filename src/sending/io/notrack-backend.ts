/** The rules that keep VRRP out of connection tracking, in the kernel: made, compared, removed. */
import { env } from "node:process";
import { execa } from "execa";
import { runNft } from "../../gate/io/nft.ts";
import { bareEnvironment, boundToAgent } from "../../system/child-command.ts";
import {
  isLegacyInPlace,
  legacyRemovalText,
  legacyText,
  nftListingText,
  nftRemovalText,
  nftText,
} from "../notrack-text.ts";

const TIMEOUT_MS = 5_000;
const MAX_REASON_CHARACTERS = 200;

export interface NotrackBackend {
  /**
   * Makes the rules as they should be, unless they are. Never rejects.
   *
   * @param vrids of this host's groups. @returns why that is not possible.
   */
  putUp(vrids: readonly number[]): Promise<string | undefined>;
  /** Removes the rules, also those of an earlier agent. @returns why they are still there. Never rejects. */
  takeDown(): Promise<string | undefined>;
}

/** A table of the agent's own. nft's family `inet` holds for IPv4 and IPv6. */
export function createNftBackend(): NotrackBackend {
  /** The table that this agent made: its text, and as nft lists it. */
  let made: { readonly text: string; readonly listing: string | undefined } | undefined;
  const list = async () => {
    const result = await runNft(nftListingText());
    return "reason" in result ? undefined : result.output;
  };
  return {
    putUp: async (vrids) => {
      const text = nftText(vrids);
      const isKnown = made?.text === text && made.listing !== undefined;
      if (isKnown && (await list()) === made?.listing) return undefined;
      const result = await runNft(text);
      if ("reason" in result) return result.reason;
      made = { text, listing: await list() };
      return undefined;
    },
    takeDown: async () => {
      made = undefined;
      const result = await runNft(nftRemovalText());
      return "reason" in result ? result.reason : undefined;
    },
  };
}

/** A chain of the agent's own in the table `raw` of both families. */
export function createLegacyBackend(): NotrackBackend {
  const change = async (
    program: string,
    textFor: (listing: string) => string,
  ): Promise<string | undefined> => {
    const listed = await run(program, ["-w", "5", "-t", "raw", "-S"], "");
    if ("reason" in listed) return listed.reason;
    const text = textFor(listed.output);
    if (text === "") return undefined;
    const result = await run(`${program}-restore`, ["--noflush", "-w", "5"], text);
    return "reason" in result ? result.reason : undefined;
  };
  /** IPv6 may be missing in the kernel, and then there is nothing to keep out. */
  const changeBoth = async (textFor: (listing: string) => string): Promise<string | undefined> => {
    await change("ip6tables-legacy", textFor);
    return change("iptables-legacy", textFor);
  };
  return {
    putUp: () => changeBoth((listing) => (isLegacyInPlace(listing) ? "" : legacyText(listing))),
    takeDown: () => changeBoth(legacyRemovalText),
  };
}

async function run(
  program: string,
  args: readonly string[],
  input: string,
): Promise<{ readonly output: string } | { readonly reason: string }> {
  const { exitCode, stdout, stderr, code } = await execa(...boundToAgent("KILL", program, args), {
    ...bareEnvironment(env),
    input,
    killSignal: "SIGKILL",
    reject: false,
    timeout: TIMEOUT_MS,
  });
  if (exitCode === 0) return { output: stdout };
  const said = stderr.split("\n", 1)[0]?.trim() || (code ?? `exit status ${exitCode ?? "unknown"}`);
  return { reason: `${program}: ${said.slice(0, MAX_REASON_CHARACTERS)}` };
}
