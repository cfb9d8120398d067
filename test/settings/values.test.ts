import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalAddress, isHostAddress } from "../../src/network/address.ts";
import { SettingsError } from "../../src/settings/problem.ts";
import { resolveGroup } from "../../src/settings/resolve-group.ts";
import { parseSettings } from "../../src/settings/settings.ts";

const NOTHING = {};

/** The group as an environment alone makes it. */
function groupOf(env: Record<string, string>) {
  return resolveGroup("main", parseSettings(env), NOTHING, NOTHING).group;
}

function isRefused(env: Record<string, string>): boolean {
  try {
    parseSettings(env);
    return false;
  } catch (error) {
    if (error instanceof SettingsError) return true;
    throw error;
  }
}

describe("what the shell image's regular expressions refused", () => {
  it("takes each VRID from 1 to 255", () => {
    const vrids = Array.from({ length: 255 }, (_, index) => index + 1);

    const read = vrids.map((vrid) => groupOf({ VRID: String(vrid) }).vrid?.value);

    expect(read).toEqual(vrids);
  });

  it("takes each last octet of a virtual IP", () => {
    const addresses = Array.from({ length: 256 }, (_, index) => `192.168.10.${index}`);

    const read = addresses.map((address) => groupOf({ VIRTUAL_IP: address }).virtualIps?.value);

    expect(read).toEqual(addresses.map((address) => [{ address, prefix: undefined }]));
  });

  it("takes every IPv4 address that a host can have", () => {
    const octet = fc.integer({ min: 0, max: 255 });
    const first = fc.integer({ min: 1, max: 223 }).filter((number) => number !== 127);
    const prefix = fc.option(fc.integer({ min: 0, max: 32 }), { nil: undefined });

    fc.assert(
      fc.property(fc.tuple(first, octet, octet, octet), prefix, (octets, bits) => {
        const address = octets.join(".");
        const text = bits === undefined ? address : `${address}/${bits}`;
        expect(groupOf({ VIRTUAL_IP: text }).virtualIps?.value).toEqual([{ address, prefix: bits }]);
      }),
    );
  });

  it("takes every IPv6 address that a host can have, in its canonical form", () => {
    const hostAddress = fc.ipV6().filter((text) => {
      const canonical = canonicalAddress(text);
      return canonical !== undefined && isHostAddress(canonical);
    });

    fc.assert(
      fc.property(hostAddress, (text) => {
        const read = groupOf({ VIRTUAL_IP: text.toUpperCase() }).virtualIps?.value;
        expect(read).toEqual([{ address: canonicalAddress(text), prefix: undefined }]);
      }),
    );
  });

  it("takes every printable interface name that Linux accepts", () => {
    const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 15 }).filter(isPrintableKernelName);

    fc.assert(
      fc.property(name, (text) => {
        expect(groupOf({ INTERFACE: text }).interface?.value).toBe(text);
      }),
    );
  });

  it.each(["eth0", "br-ex", "eth0.100", "bond0", "weird@name", "enp0s31f6", "...", "-x", "a'\"b", "ethé"])(
    "takes the interface name %s",
    (name) => expect(groupOf({ INTERFACE: name }).interface?.value).toBe(name),
  );

  it.each([".", "..", "a/b", "eth0:1", "a b", "a\tb", "a\u0001b", "sixteen-bytes-xx", "éééééééé", "ethà"])(
    "refuses the interface name %j",
    (name) => expect(isRefused({ INTERFACE: name })).toBe(true),
  );
});

/** Written from the kernel's dev_valid_name: isspace() of each byte in Latin-1. */
function isPrintableKernelName(name: string): boolean {
  const bytes = Buffer.from(name);
  const hasSpace = /[\t-\r \xa0]/.test(bytes.toString("latin1"));
  const prints = !/[\p{C}\p{Z}\s]/u.test(name);
  return bytes.length <= 15 && !hasSpace && !/[/:]/.test(name) && ![".", ".."].includes(name) && prints;
}

describe("numbers", () => {
  const refused = ["1e2", "0x10", "-1", "+5", "5.0", "5 6", "five", "٥", "1_0", "NaN", "9".repeat(400)];

  it.each(refused)("refuses %j as a VRID", (text) => expect(isRefused({ VRID: text })).toBe(true));

  it.each([
    { variable: "VRID", low: 1, high: 255 },
    { variable: "PRIORITY", low: 1, high: 254 },
    { variable: "VIRTUAL_MASK", low: 0, high: 128 },
    { variable: "PREEMPT_DELAY", low: 0, high: 1000 },
    { variable: "CHECK_RISE", low: 1, high: 1000 },
  ])("takes $variable from $low to $high and nothing outside", ({ variable, low, high }) => {
    expect([low, high].map((value) => isRefused({ [variable]: String(value) }))).toEqual([false, false]);
    expect([low - 1, high + 1].map((value) => isRefused({ [variable]: String(value) }))).toEqual([
      true,
      true,
    ]);
  });

  it.each(["0.05", "0.2", "40.95", "0.10", "0.500"])("takes %s s between adverts", (text) =>
    expect(groupOf({ ADVERT_INTERVAL: text }).advertIntervalSeconds.value).toBe(Number(text)),
  );

  it.each(["0.04", "0.055", "256", ".5", "1e-1", "0,2"])("refuses %s s between adverts", (text) =>
    expect(isRefused({ ADVERT_INTERVAL: text })).toBe(true),
  );
});

describe("booleans", () => {
  it.each(["true", "TRUE", "yes", "on", "1"])("reads %s as true", (text) =>
    expect(groupOf({ PREEMPT: text }).preempt.value).toBe(true),
  );

  it.each(["false", "No", "off", "0"])("reads %s as false", (text) =>
    expect(groupOf({ UNICAST: text }).unicast.value).toBe(false),
  );

  it.each(["2", "maybe", "y"])("refuses %s", (text) => expect(isRefused({ UNICAST: text })).toBe(true));
});

describe("addresses and lists of them", () => {
  it("keeps the order of virtual IPs and drops duplicates in any notation", () => {
    const text = "10.0.0.9/24, 2001:DB8::1 10.0.0.1,,10.0.0.9,2001:db8:0::1/64";

    expect(groupOf({ VIRTUAL_IP: text }).virtualIps?.value).toEqual([
      { address: "10.0.0.9", prefix: 24 },
      { address: "2001:db8::1", prefix: undefined },
      { address: "10.0.0.1", prefix: undefined },
    ]);
  });

  it.each([
    "10.0.0",
    "10.0.0.256",
    "010.0.0.1",
    "10.0.0.1/33",
    "10.0.0.1/",
    "10.0.0.1/24/24",
    "127.0.0.1",
    "0.0.0.0",
    "224.0.0.18",
    "255.255.255.255",
    "::1",
    "ff02::12",
    "fe80::1%eth0",
    "10.0.0.1;10.0.0.2",
    ",",
  ])("refuses the virtual IP %j", (text) => expect(isRefused({ VIRTUAL_IP: text })).toBe(true));

  it("refuses a whole list for one bad item", () =>
    expect(isRefused({ UNICAST_PEERS: "10.0.0.1,10.0.0" })).toBe(true));

  it("reads CHECK_IP as any or as an address", () => {
    expect(groupOf({ CHECK_IP: "ANY" }).checkIp?.value).toBe("any");
    expect(groupOf({ CHECK_IP: "10.0.0.1" }).checkIp?.value).toBe("10.0.0.1");
    expect(isRefused({ CHECK_IP: "all" })).toBe(true);
  });
});

describe("ports and endpoints", () => {
  it("reads ports with and without a protocol, and drops duplicates", () => {
    const read = groupOf({ CHECK_PORT: "80,443/tcp, 53/UDP 80/tcp" }).checkPorts?.value;

    expect(read).toEqual([
      { protocol: "tcp", port: 80 },
      { protocol: "tcp", port: 443 },
      { protocol: "udp", port: 53 },
    ]);
  });

  it.each(["0", "65536", "http", "80/sctp", "80/", "80-90", "8080:80", "-80"])(
    "refuses the port %j",
    (text) => expect(isRefused({ CHECK_PORT: text })).toBe(true),
  );

  it.each([
    { text: "127.0.0.1:80", host: "127.0.0.1", port: 80 },
    { text: "[2001:DB8::0]:9650", host: "2001:db8::", port: 9650 },
    { text: "app-1.example.com:65535", host: "app-1.example.com", port: 65_535 },
  ])("reads the endpoint $text", ({ text, host, port }) =>
    expect(groupOf({ CHECK_TCP: text }).checkTcp?.value).toEqual({ host, port }),
  );

  it.each([
    "80",
    ":80",
    "127.0.0.1",
    "127.0.0.1:",
    "127.0.0:80",
    "::1:80",
    "[127.0.0.1]:80",
    "[x]:80",
    "a b:80",
  ])("refuses the endpoint %j", (text) => expect(isRefused({ CHECK_TCP: text })).toBe(true));
});

describe("names, URLs and paths", () => {
  it("reads CHECK_SERVICE as stack and service", () => {
    const read = groupOf({ CHECK_SERVICE: "Web/haproxy" }).checkService?.value;

    expect(read).toEqual({ stackName: "Web", serviceName: "haproxy" });
  });

  it.each(["web", "web/", "/haproxy", "a/b/c", "../x", "a b/c"])("refuses the service %j", (text) =>
    expect(isRefused({ CHECK_SERVICE: text })).toBe(true),
  );

  it.each([
    { text: "http://10.0.0.1", url: "http://10.0.0.1" },
    { text: "http://10.0.0.1:80/", url: "http://10.0.0.1" },
    { text: "HTTPS://Rancher-Metadata/base//", url: "https://rancher-metadata/base" },
    { text: "off", url: undefined },
    { text: "OFF", url: undefined },
  ])("reads METADATA_URL=$text as $url", ({ text, url }) =>
    expect(parseSettings({ METADATA_URL: text, VIRTUAL_IP: "198.51.100.50" }).agent.metadataUrl).toBe(url),
  );

  it.each([
    "rancher-metadata",
    "http:rancher",
    "ftp://x",
    "http://u:p@x",
    "http://x?y",
    "http://[::1",
    "none",
  ])("refuses METADATA_URL=%s", (text) => expect(isRefused({ METADATA_URL: text })).toBe(true));

  it("requires a virtual IP if metadata is off", () => {
    expect(isRefused({ METADATA_URL: "off" })).toBe(true);
    expect(isRefused({})).toBe(false);
  });

  it.each(["run/agent", './"x"', '/run/"x"'])("refuses STATE_DIR=%s", (text) =>
    expect(isRefused({ STATE_DIR: text })).toBe(true),
  );

  it("takes a script of several lines", () => {
    const script = "test -e /tmp/a ||\n\texit 1\necho well";

    expect(parseSettings({ CHECK_SCRIPT: script }).agent.checkScript).toBe(script);
    expect(isRefused({ CHECK_SCRIPT: "echo \u0007" })).toBe(true);
    expect(isRefused({ STACK_NAME: "a\nb" })).toBe(true);
  });

  it("keeps slashes and ampersands in a command, which broke the sed of the shell image", () => {
    const command = "iptables -t nat -nL | grep ':80' && curl -f http://127.0.0.1/#{$x}!";

    expect(parseSettings({ CHECK_SCRIPT: command }).agent.checkScript).toBe(command);
  });
});
