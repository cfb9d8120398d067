/**
 * Drops frames in the lab's switch, so that every host keeps its carrier. Cuts with a length end by the kernel's own timer, to
 * the precision of a jiffy (4 ms where the kernel ticks at 250 Hz): no process has to be scheduled for the end.
 */
import { Child } from "../e2e/lab/child.ts";
import { inNamespace } from "../e2e/lab/command.ts";

const TABLE = "bridge cuts";
const RULES = [
  `add table ${TABLE}`,
  `add set ${TABLE} ports { type ifname; flags timeout; }`,
  `add set ${TABLE} pairs { type ifname . ifname; flags timeout; }`,
  `add set ${TABLE} mute { type ifname; flags timeout; }`,
  `add chain ${TABLE} incoming { type filter hook prerouting priority 0; }`,
  `add chain ${TABLE} outgoing { type filter hook postrouting priority 0; }`,
  `add chain ${TABLE} between { type filter hook forward priority 0; }`,
  `add chain ${TABLE} loss`,
  `add rule ${TABLE} incoming iifname @ports drop`,
  `add rule ${TABLE} incoming iifname @mute ip protocol 112 drop`,
  `add rule ${TABLE} incoming jump loss`,
  `add rule ${TABLE} outgoing oifname @ports drop`,
  `add rule ${TABLE} between iifname . oifname @pairs drop`,
];

/** How every n-th frame is chosen: by counting, or by chance with the same share. */
export type LossKind = "every" | "random";

export class SwitchFilter {
  readonly #child: Child;
  #answers = 0;

  private constructor(child: Child) {
    this.#child = child;
  }

  static async open(switchNamespace: string): Promise<SwitchFilter> {
    const filter = new SwitchFilter(
      new Child({
        name: "nft of the switch",
        command: inNamespace(["nft", "-i"], switchNamespace),
        hasInput: true,
      }),
    );
    await filter.#apply(RULES);
    return filter;
  }

  /** Nothing passes these ports. @returns when it began, ms since the epoch. */
  cut(ports: readonly string[], lengthMs?: number): Promise<number> {
    return this.#apply([
      `add element ${TABLE} ports { ${ports.map((port) => element(port, lengthMs)).join(", ")} }`,
    ]);
  }

  mend(ports: readonly string[]): Promise<number> {
    return this.#apply([`delete element ${TABLE} ports { ${ports.join(", ")} }`]);
  }

  /** Nothing passes between the two groups of ports, in either direction. */
  split(one: readonly string[], other: readonly string[], lengthMs: number): Promise<number> {
    const pairs = one.flatMap((left) =>
      other.flatMap((right) => [`${left} . ${right}`, `${right} . ${left}`]),
    );
    return this.#apply([
      `add element ${TABLE} pairs { ${pairs.map((pair) => element(pair, lengthMs)).join(", ")} }`,
    ]);
  }

  /** No advert that these ports send arrives. Everything else does. */
  silenceVrrp(ports: readonly string[], lengthMs: number): Promise<number> {
    return this.#apply([
      `add element ${TABLE} mute { ${ports.map((port) => element(port, lengthMs)).join(", ")} }`,
    ]);
  }

  /** Of the frames that the port sends, one in so many is lost, until `endLoss`. */
  lose(port: string, oneIn: number, kind: LossKind): Promise<number> {
    const mode = kind === "every" ? "inc" : "random";
    return this.#apply([`add rule ${TABLE} loss iifname ${port} numgen ${mode} mod ${oneIn} 0 drop`]);
  }

  endLoss(): Promise<number> {
    return this.#apply([`flush chain ${TABLE} loss`]);
  }

  async close(): Promise<void> {
    await this.#child.end("SIGKILL");
  }

  /** @returns the time just before the first line was handed over. @throws {Error} where nft refuses a line. */
  async #apply(lines: readonly string[]): Promise<number> {
    const { log } = this.#child;
    const from = log.lines.length;
    const atMs = performance.timeOrigin + performance.now();
    this.#answers += 1;
    const mark = `mark${this.#answers}`;
    this.#child.write(
      `${lines.join("\n")}\nadd table bridge ${mark}\nlist table bridge ${mark}\ndelete table bridge ${mark}\n`,
    );
    await log.first((text) => (text.includes(mark) ? text : undefined), { from, timeoutMs: 20_000 });
    const refusal = log.lines.slice(from).find(({ text }) => text.includes("Error"));
    if (refusal !== undefined) throw new Error(`nft: ${refusal.text} (${lines.join("; ")})`);
    return atMs;
  }
}

function element(key: string, lengthMs: number | undefined): string {
  return lengthMs === undefined ? key : `${key} timeout ${Math.round(lengthMs)}ms`;
}
