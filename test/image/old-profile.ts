/** What the seccomp profile of Docker before 20.10.10 does to newer system calls, as a profile for any engine. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** From number 424 on. Those profiles know none of them, or few. */
const NEW_CALLS = [
  ...[
    "pidfd_send_signal",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "open_tree",
    "move_mount",
  ],
  ...[
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "pidfd_open",
    "clone3",
    "close_range",
    "openat2",
    "pidfd_getfd",
  ],
  ...["faccessat2", "process_madvise", "epoll_pwait2", "mount_setattr", "futex_waitv"],
];

/** @returns the path of a file in `folder` for `--security-opt seccomp=`. */
export function writeOldProfile(folder: string): string {
  const file = join(folder, "old-seccomp.json");
  const forbidden = { names: NEW_CALLS, action: "SCMP_ACT_ERRNO" }; // EPERM
  writeFileSync(file, JSON.stringify({ defaultAction: "SCMP_ACT_ALLOW", syscalls: [forbidden] }));
  return file;
}
