import { expect, it } from "vitest";
import { isAllowedHost } from "../../src/http/allowed-host.ts";

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
])("may be $host: $why", ({ host }) => expect(isAllowedHost(host, "node-1.example.com")).toBe(true));

it.each([
  { host: "evil.example:9650", why: "somebody's name" },
  { host: "evil.example.", why: "the same with its last dot" },
  { host: "node-1.evil.example", why: "somebody's name for this machine" },
  { host: "127.0.0.1.evil.example", why: "a name that begins like an address" },
  { host: "evil.example@127.0.0.1", why: "a user's name before the address" },
  { host: "[evil.example]", why: "a name in brackets" },
  { host: "a:b:c", why: "no host at all" },
  { host: "", why: "empty" },
])("may not be $host: $why", ({ host }) => expect(isAllowedHost(host, "node-1.example.com")).toBe(false));
