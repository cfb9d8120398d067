/**
 * Reads the status of the agent in one network namespace, through one process that stays there.
 *
 * Scenarios ask thousands of times: a process for each question would take more of the machine than the agents under test.
 */
import { CLAIM_NAME, isStatus } from "../../../src/host-claim/holder.ts";
import type { Status } from "../../../src/status/status.ts";
import { Child } from "./child.ts";

/**
 * Prints, for each line that it reads, the first line that comes from the abstract socket, or an empty line. `status` gives up
 * after 3 s, in which the agent of a busy machine may not run.
 */
const PROGRAM = `
use strict;
use Socket;
$| = 1;
$SIG{ALRM} = sub { die };
while (<STDIN>) {
  my $answer = eval {
    alarm 10;
    socket(my $agent, AF_UNIX, SOCK_STREAM, 0) or die;
    connect($agent, sockaddr_un("\\0$ARGV[0]")) or die;
    my $line = <$agent>;
    alarm 0;
    $line;
  };
  alarm 0;
  print defined $answer && $answer =~ /\\n\\z/ ? $answer : "\\n";
}
`;

export class StatusReader {
  readonly #namespace: string;
  readonly #onSpawn: (child: Child) => void;
  #child: Child | undefined;
  #previous: Promise<unknown> = Promise.resolve();

  /** `onSpawn` gets the process, which starts with the first question. */
  constructor(namespace: string, onSpawn: (child: Child) => void) {
    this.#namespace = namespace;
    this.#onSpawn = onSpawn;
  }

  /** What `status --json` prints, or undefined where no agent answers. Questions are asked one after the other. */
  async read(): Promise<Status | undefined> {
    const answer = this.#previous.then(() => this.#ask());
    this.#previous = answer.catch(() => undefined);
    return answer;
  }

  async close(): Promise<void> {
    await this.#child?.end("SIGKILL");
  }

  async #ask(): Promise<Status | undefined> {
    const child = this.#runningChild();
    child.write("\n");
    const line = await child.log.first((text) => text, { timeoutMs: 120_000 }).catch(() => "");
    child.log.clear();
    if (line === "") return undefined;
    const answer: unknown = JSON.parse(line);
    return isStatus(answer) ? answer : undefined;
  }

  #runningChild(): Child {
    if (this.#child?.isRunning) return this.#child;
    this.#child = new Child({
      namespace: this.#namespace,
      name: `the status reader in ${this.#namespace}`,
      command: ["perl", "-e", PROGRAM, CLAIM_NAME],
      hasInput: true,
    });
    this.#onSpawn(this.#child);
    return this.#child;
  }
}
