/**
 * The Docker id of the container that this process runs in, from its files in /proc.
 *
 * HOSTNAME is no source: with host networking it is the host's name. Metadata's `hostname` is never filled.
 */

/** Exactly 64 hex digits. */
const DOCKER_ID = /(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/g;

/** Docker mounts these into every container, from a directory that is named after the container. */
const OWN_FILES = new Set(["/etc/hostname", "/etc/hosts", "/etc/resolv.conf"]);

/**
 * The id, 64 hex digits, or undefined outside of a Docker container.
 *
 * @param cgroup text of `/proc/self/cgroup`. With cgroup v1 a line ends in the id, as `/docker/ID` or
 *   `docker-ID.scope`; with v2 it says only `0::/`.
 * @param mountinfo text of `/proc/self/mountinfo`, the source under cgroup v2. A container that shares another's
 *   network shows that other one's id here.
 */
export function dockerIdFrom(cgroup: string, mountinfo: string): string | undefined {
  return idFromCgroup(cgroup) ?? idFromMounts(mountinfo);
}

function idFromCgroup(cgroup: string): string | undefined {
  for (const line of cgroup.split("\n")) {
    // Docker in Docker shows the outer ids first
    const id = line.match(DOCKER_ID)?.at(-1);
    if (id !== undefined) return id;
  }
  return undefined;
}

function idFromMounts(mountinfo: string): string | undefined {
  for (const line of mountinfo.split("\n")) {
    const [, , , root = "", mountPoint = ""] = line.split(" ");
    const id = /\/containers\/([0-9a-f]{64})\//.exec(root)?.[1];
    if (id !== undefined && OWN_FILES.has(mountPoint)) return id;
  }
  return undefined;
}
