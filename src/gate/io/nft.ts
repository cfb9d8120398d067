/** Runs nft once, and removes a table of the gate even where nft does not work any more. */
import { env } from "node:process";
import { bareEnvironment, boundToAgent } from "../../system/child-command.ts";
import { runProgram } from "../../system/io/run-program.ts";
import { GATE_TABLE, type GateFamily, removalText } from "../tables.ts";

const TIMEOUT_MS = 2_000;
const MAX_OUTPUT_BYTES = 1_000_000;
const MAX_REASON_CHARACTERS = 200;

/**
 * What a run printed, or in a few words why it failed. `isMissing`: the program is not installed. `isWithoutTables`: it
 * tells that the kernel has no such tables.
 */
export type NftResult =
  | { readonly output: string }
  | { readonly reason: string; readonly isMissing: boolean; readonly isWithoutTables: boolean };

/**
 * nft ends with this where it added a table and the kernel has no nft, or not for this family. Other failures of its
 * socket or its cache have other causes, too, such as a filter of system calls.
 */
const WITHOUT_TABLES =
  /Unable to initialize Netlink socket: Protocol not supported|Could not process rule: (Operation not supported|Not supported|Address family not supported by protocol)/;

/**
 * Runs nft with commands on its standard input, all of them in one transaction. Never rejects.
 *
 * @param giveUp its abort ends nft.
 */
export async function runNft(input: string, giveUp?: AbortSignal): Promise<NftResult> {
  return runBound("nft", ["-f", "-"], input, giveUp);
}

/**
 * Removes the gate of a family. An image without nft and Perl has made none.
 *
 * @returns undefined, or why it is still there. Never rejects.
 */
export async function removeGate(family: GateFamily): Promise<string | undefined> {
  const result = await runNft(removalText(family));
  if (!("reason" in result) || result.isWithoutTables) return undefined;
  const number = String(FAMILY_NUMBERS[family]);
  const direct = await runBound("perl", ["-e", REMOVER, number, GATE_TABLE], "");
  if (!("reason" in direct) || (result.isMissing && direct.isMissing)) return undefined;
  if (!direct.isMissing) return result.reason;
  return `${result.reason} (without Perl it is not known whether an earlier agent left one)`;
}

/** From linux/netfilter.h. */
const FAMILY_NUMBERS: Readonly<Record<GateFamily, number>> = { arp: 3, ip6: 10 };

/**
 * Asks the kernel to delete a table, without nft: a batch of three netlink messages. It succeeds where there is no such
 * table (2), or the kernel has no nft (93, 95), or not for this family (97). The gate must not outlive its tag because a program is broken.
 */
const REMOVER = `
my ($family, $name) = @ARGV;
my $netlink;
if (!socket($netlink, 16, 3, 12)) { exit if $! == 93; die "socket: $!\\n" }
sub message { my ($type, $flags, $family, $subsystem, $body) = @_;
  my $rest = pack("CCn", $family, 0, $subsystem) . $body;
  return pack("LSSLL", 16 + length($rest), $type, $flags, $type, 0) . $rest; }
my $attribute = pack("SSZ*", 5 + length($name), 1, $name);
$attribute .= "\\0" x (-length($attribute) % 4);
my $batch = message(16, 1, 0, 10, "") . message(2562, 5, $family, 0, $attribute) . message(17, 1, 0, 10, "");
send($netlink, $batch, 0, pack("SSLL", 16, 0, 0, 0)) or die "send: $!\\n";
alarm(1);
defined(recv($netlink, my $answer, 8192, 0)) or die "recv: $!\\n";
my ($type, $error) = (unpack("LSSLLl", $answer))[1, 5];
die "error $error\\n" unless $type == 2 && grep { $_ == -$error } 0, 2, 95, 97;
`;

async function runBound(
  program: string,
  args: readonly string[],
  input: string,
  giveUp?: AbortSignal,
): Promise<NftResult> {
  const { exitCode, stdout, stderr, killedBy, code } = await runProgram(
    ...boundToAgent("KILL", program, args),
    {
      ...bareEnvironment(env),
      input,
      maxBytes: MAX_OUTPUT_BYTES,
      timeoutMs: TIMEOUT_MS,
      ...(giveUp !== undefined && { signal: giveUp }),
    },
  );
  if (exitCode === 0 && killedBy === undefined) return { output: stdout };
  if (killedBy === "timeout")
    return {
      reason: `${program} did not end within ${TIMEOUT_MS} ms`,
      isMissing: false,
      isWithoutTables: false,
    };
  const isMissing = code === "ENOENT" || exitCode === 127; // `setpriv` says so with 127
  const said = stderr.split("\n", 1)[0]?.trim() || (code ?? `exit status ${exitCode ?? "unknown"}`);
  return {
    reason: `${program}: ${said.slice(0, MAX_REASON_CHARACTERS)}`,
    isMissing,
    isWithoutTables: WITHOUT_TABLES.test(stderr),
  };
}
