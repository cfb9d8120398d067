/**
 * Whether a process may read a file, by the modes of the file and of the directories above it.
 *
 * Only modes are judged: access lists and SELinux are not known here.
 */

/** Who reads, as the kernel counts it for files. */
export interface Reader {
  readonly user: number;
  readonly groups: ReadonlySet<number>;
  /** It has CAP_DAC_OVERRIDE or CAP_DAC_READ_SEARCH, so modes do not bar it. */
  readonly mayBypass: boolean;
}

/** One part of the path, from the root on. The last one is the file. */
export interface PathPart {
  readonly path: string;
  readonly user: number;
  readonly group: number;
  /** The permission bits. */
  readonly mode: number;
}

/** CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH. */
const BYPASSING = 0b110n;
const READ = 0o4;
const ENTER = 0o1;

/** From the text of /proc/PID/status. Undefined for any other text. */
export function readerOf(procStatus: string): Reader | undefined {
  const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, "m").exec(procStatus)?.[1]?.split(/\s+/);
  const [user, group, capabilities] = [field("Uid")?.[3], field("Gid")?.[3], field("CapEff")?.[0]];
  if (user === undefined || group === undefined || !/^[0-9a-f]+$/.test(capabilities ?? "")) return undefined;
  const others = (field("Groups") ?? []).filter((text) => text !== "").map(Number);
  return {
    user: Number(user),
    groups: new Set([Number(group), ...others]),
    mayBypass: (BigInt(`0x${capabilities}`) & BYPASSING) !== 0n,
  };
}

/** What bars the reader, as `user 0 may not enter /srv/x (mode 700, user 1000, group 1000)`. Undefined where nothing does. */
export function findBarrier(reader: Reader, parts: readonly PathPart[]): string | undefined {
  if (reader.mayBypass) return undefined;
  const file = parts.at(-1);
  const barrier = parts.find((part) => !isAllowed(reader, part, part === file ? READ : ENTER));
  if (barrier === undefined) return undefined;
  const { path, mode, user, group } = barrier;
  const act = barrier === file ? "read" : "enter";
  return `user ${reader.user} may not ${act} ${path} (mode ${mode.toString(8)}, user ${user}, group ${group})`;
}

/** The first class that the reader belongs to decides, even if a later one would allow more. */
function isAllowed({ user, groups }: Reader, part: PathPart, want: number): boolean {
  const shift = part.user === user ? 6 : groups.has(part.group) ? 3 : 0;
  return ((part.mode >> shift) & want) !== 0;
}
