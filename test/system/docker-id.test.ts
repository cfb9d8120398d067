import { describe, expect, it } from "vitest";
import { dockerIdFrom } from "../../src/system/docker-id.ts";

const id = "e287d4b6c660963383fc0874678b9cf6d050f9b8dc181fa95f997171258c633f";
const other = "842ce56a4c9ee3f92006449a0762af48266b91d982dbf94bd28a8b871f5327b4";

describe("from cgroup v1", () => {
  it.each([
    { why: "the cgroupfs driver", cgroup: `4:memory:/docker/${id}` },
    { why: "the systemd driver", cgroup: `1:name=systemd:/system.slice/docker-${id}.scope` },
    { why: "a parent cgroup of its own", cgroup: `9:cpu,cpuacct:/rancher/agents/${id}` },
    {
      why: "lines without an id first",
      cgroup: `11:pids:/\n1:name=systemd:/docker.service\n4:memory:/docker/${id}\n`,
    },
    { why: "Docker in Docker", cgroup: `4:memory:/docker/${other}/docker/${id}` },
  ])("with $why the id is found", ({ cgroup }) => expect(dockerIdFrom(cgroup, "")).toBe(id));

  it.each([
    { why: "no container", cgroup: "4:memory:/user.slice/user-1000.slice\n0::/init.scope\n" },
    { why: "a longer run of hex digits", cgroup: `4:memory:/docker/${id}00` },
    { why: "a short id", cgroup: `4:memory:/docker/${id.slice(0, 12)}` },
    { why: "upper case", cgroup: `4:memory:/docker/${id.toUpperCase()}` },
    { why: "nothing at all", cgroup: "" },
  ])("with $why there is none", ({ cgroup }) => expect(dockerIdFrom(cgroup, "")).toBeUndefined());
});

describe("from the mounts under cgroup v2", () => {
  const mount = (root: string, point: string) =>
    `1021 1002 8:1 ${root} ${point} rw,relatime - ext4 /dev/sda1 rw,errors=remount-ro`;

  it.each([
    { why: "/etc/hostname", mountinfo: mount(`/var/lib/docker/containers/${id}/hostname`, "/etc/hostname") },
    { why: "/etc/hosts", mountinfo: mount(`/var/lib/docker/containers/${id}/hosts`, "/etc/hosts") },
    {
      why: "a file system of Docker's own",
      mountinfo: mount(`/containers/${id}/resolv.conf`, "/etc/resolv.conf"),
    },
  ])("with $why the id is found", ({ mountinfo }) => expect(dockerIdFrom("0::/\n", mountinfo)).toBe(id));

  it.each([
    {
      why: "another container's directory mounted as a volume",
      mountinfo: mount(`/var/lib/docker/containers/${id}/x`, "/mnt"),
    },
    { why: "an image layer", mountinfo: mount(`/var/lib/docker/overlay2/${id}/merged`, "/etc/hosts") },
    { why: "garbage", mountinfo: `\n\n/containers/${id}/ /etc/hosts` },
  ])("with $why there is none", ({ mountinfo }) => expect(dockerIdFrom("0::/\n", mountinfo)).toBeUndefined());
});

it("the cgroup outweighs the mounts, which belong to the network's container", () => {
  const mountinfo = `1 2 8:1 /var/lib/docker/containers/${other}/hosts /etc/hosts rw - ext4 /dev/sda1 rw`;

  expect(dockerIdFrom(`4:memory:/docker/${id}`, mountinfo)).toBe(id);
});
