/** How the image's programs start where an old Docker answers EPERM for system calls that it does not know. */
import path from "node:path";
import { execa } from "execa";
import { expect, it } from "vitest";

const STARTER = path.join(import.meta.dirname, "..", "..", "image", "old-docker.pl");
/** Runs its arguments as such an engine would: all calls from 424 on are forbidden. */
const OLD_ENGINE = `
my %prctl = (x86_64 => 157, aarch64 => 167);
use Config;
my $prctl = $prctl{(split /-/, $Config{archname})[0]};
my $filter = join "", map { pack "S C C L", @$_ } [32, 0, 0, 0], [53, 0, 1, 424], [6, 0, 0, 0x50001], [6, 0, 0, 0x7fff0000];
my $program = pack "S x![P] P", 4, $filter;
syscall($prctl, 38, 1, 0, 0, 0) == 0 && syscall($prctl, 22, 2, $program) == 0 or die "no filter: $!";
exec { $ARGV[0] } @ARGV or die "$ARGV[0]: $!";
`;
const PRINT = ["-e", "console.log('started')"];
const FILTERS = /^Seccomp_filters:\s+(\d+)$/m;

/** As an old engine starts a program. */
const inOldEngine = (...command: string[]) =>
  execa("perl", ["-e", OLD_ENGINE, ...command], { reject: false });
const start = (...command: string[]) => execa("perl", [STARTER, ...command], { reject: false });

it("starts Node, which would abort", async () => {
  expect((await inOldEngine(process.execPath, ...PRINT)).stderr).toContain("uv_thread_create");

  expect(await inOldEngine("perl", STARTER, process.execPath, ...PRINT)).toMatchObject({
    stdout: "started",
    exitCode: 0,
  });
});

it("starts what Node starts, too", async () => {
  const child = `require("child_process").execFileSync(process.execPath, ["-e", "console.log('started')"], { stdio: "inherit" })`;

  const { stdout } = await inOldEngine("perl", STARTER, process.execPath, "-e", child);

  expect(stdout).toBe("started");
});

it("adds no filter where nothing is forbidden", async () => {
  const [plain, started] = await Promise.all([
    execa("cat", ["/proc/self/status"]),
    start("cat", "/proc/self/status"),
  ]);

  expect(FILTERS.exec(started.stdout)?.[1]).toBe(FILTERS.exec(plain.stdout)![1]);
});

it("becomes the program: its status is the program's, and it says which one is not there", async () => {
  expect((await start("sh", "-c", "exit 78")).exitCode).toBe(78);
  expect((await start("/nowhere")).stderr).toBe("/nowhere: No such file or directory");
});
