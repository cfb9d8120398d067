import { expect, it } from "vitest";
import { isAllowedHost, ownHostNames } from "../../src/http/allowed-host.ts";

const NAMES = ["node-1.example.com", "vip.example.org"];

it.each([
  { host: undefined, why: "none: no browser" },
  { host: "127.0.0.1:9650", why: "an address" },
  { host: "192.168.10.11", why: "an address without a port" },
  { host: "[::1]:9650", why: "an IPv6 address" },
  { host: "[fe80::1]", why: "an IPv6 address without a port" },
  { host: "localhost:9650", why: "a name without a dot" },
  { host: "node-1", why: "a name without a dot or a port" },
  { host: "node-1.example.com:9650", why: "this machine's name" },
  { host: "NODE-1.Example.com", why: "the same in other letters" },
  { host: "node-1.example.com.", why: "the same with its last dot" },
  { host: "vip.example.org", why: "a name that is allowed" },
])("may be $host: $why", ({ host }) => expect(isAllowedHost(host, NAMES)).toBe(true));

it.each([
  { host: "evil.example:9650", why: "somebody's name" },
  { host: "evil.example.", why: "the same with its last dot" },
  { host: "node-1.evil.example", why: "somebody's name for this machine" },
  { host: "127.0.0.1.evil.example", why: "a name that begins like an address" },
  { host: "evil.example@127.0.0.1", why: "a user's name before the address" },
  { host: "[evil.example]", why: "a name in brackets" },
  { host: "a:b:c", why: "no host at all" },
  { host: "", why: "empty" },
])("may not be $host: $why", ({ host }) => expect(isAllowedHost(host, NAMES)).toBe(false));

it("gives a machine's short names the domains of its resolver, and leaves the others as they are", () => {
  const resolvConf = "nameserver 192.0.2.1\nsearch example.com  lab.example.org\n# search evil.example\n";

  expect(ownHostNames(["node-1", "", "host.example.net"], resolvConf)).toEqual([
    "node-1",
    "host.example.net",
    "node-1.example.com",
    "node-1.lab.example.org",
  ]);
});
