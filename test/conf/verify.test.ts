import { readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseConf } from "../../src/conf/parse.ts";
import { renderConf } from "../../src/conf/render.ts";
import { verifyConf } from "../../src/conf/verify.ts";
import { CONF_PATHS, DESIRED } from "../fixtures/desired.ts";

const TEMPLATE = readFileSync(
  path.join(import.meta.dirname, "..", "..", "templates", "keepalived.conf.njk"),
  "utf8",
);
const GOOD = renderConf(TEMPLATE, DESIRED["several-vips"]!, CONF_PATHS);

it.each([
  { why: "an empty text", text: "" },
  { why: "comments only", text: "# nothing\n! at all\n" },
  { why: "a missing brace", text: GOOD.replace(/\}\s*$/, "") },
  { why: "one brace more", text: `${GOOD}}` },
  { why: "a quote that is not closed", text: GOOD.replace("interface eth0", 'interface "eth0') },
  { why: "no peers, which means multicast", text: GOOD.replace(/198\.51\.100\.1[23] min.*\n/g, "\n") },
  { why: "one peer less", text: GOOD.replace(/198\.51\.100\.12 min.*\n/, "\n") },
  { why: "no unicast_peer at all", text: GOOD.replace(/unicast_peer \{[^}]*\}/, "") },
  { why: "another first VIP", text: GOOD.replace("198.51.100.50/32", "198.51.100.60/32") },
  {
    why: "a second advertised VIP",
    text: GOOD.replace("198.51.100.50/32 dev eth0", "198.51.100.50/32 dev eth0\n198.51.100.52/32 dev eth0"),
  },
  { why: "a VIP left out", text: GOOD.replace("198.51.100.51/24 dev eth0", "") },
  { why: "another VRID", text: GOOD.replace("virtual_router_id 50", "virtual_router_id 51") },
  { why: "another priority", text: GOOD.replace("priority 240", "priority 100") },
  { why: "another interval", text: GOOD.replace("advert_int 0.2", "advert_int 1") },
  { why: "another version", text: GOOD.replace("version 3", "version 2") },
  {
    why: "another source",
    text: GOOD.replace("unicast_src_ip 198.51.100.11", "unicast_src_ip 198.51.100.99"),
  },
  { why: "state MASTER", text: GOOD.replace("state BACKUP", "state MASTER") },
  { why: "a foreign instance", text: `${GOOD}\nvrrp_instance other {\n interface eth0\n}\n` },
  { why: "the instance twice", text: `${GOOD}\nvrrp_instance main {\n}\n` },
  { why: "no notify FIFO", text: GOOD.replace(/vrrp_notify_fifo .*/, "") },
  { why: "no reload check", text: GOOD.replace(/reload_check_config .*/, "") },
  {
    why: "vrrp_rt_priority",
    text: GOOD.replace("script_user root", "script_user root\nvrrp_rt_priority 50"),
  },
  { why: "vrrp_strict", text: GOOD.replace("script_user root", "script_user root\nvrrp_strict") },
  { why: "no_accept", text: GOOD.replace("state BACKUP", "state BACKUP\nno_accept") },
  { why: "a pipeline as a script", text: `${GOOD}\nvrrp_script chk {\n script "iptables -S | grep 80"\n}\n` },
])("refuses $why", ({ text }) => {
  expect(text).not.toBe(GOOD);
  expect(() => verifyConf(text, DESIRED["several-vips"]!, CONF_PATHS)).toThrow(
    expect.objectContaining({ code: "CONF_UNEXPECTED" }),
  );
});

it("refuses a hop limit of IPv6 that its peers would not accept", () => {
  const text = renderConf(TEMPLATE, DESIRED["ipv6"]!, CONF_PATHS);
  const without = text.replace("unicast_ttl 255", "");

  expect(() => verifyConf(text, DESIRED["ipv6"]!, CONF_PATHS)).not.toThrow();
  expect(() => verifyConf(without, DESIRED["ipv6"]!, CONF_PATHS)).toThrow("unicast_ttl must be 255");
});

it.each([
  {
    why: "a line of the operator's",
    text: GOOD.replace("garp_master_delay 1", "garp_master_delay 1\n  debug 1"),
  },
  { why: "a script with a shell", text: `${GOOD}\nvrrp_script chk {\n script "/bin/sh -c 'a | b'"\n}\n` },
  { why: "comments", text: GOOD.replaceAll("\n", " # a comment {\n") },
  { why: "an address written otherwise", text: GOOD.replace("2001:db8::50", "2001:DB8:0:0::50") },
])("lets $why pass", ({ text }) => {
  expect(text).not.toBe(GOOD);
  expect(() => verifyConf(text, DESIRED["several-vips"]!, CONF_PATHS)).not.toThrow();
});

describe("the password of a group", () => {
  const desired = DESIRED["multicast-v2"]!;
  const good = renderConf(TEMPLATE, desired, CONF_PATHS);

  it.each([
    { why: "left out", text: good.replace(/ {2}authentication \{[\s\S]*?\n {2}\}\n/, "") },
    { why: "another", text: good.replace("pa#s", "pa#t") },
    { why: "of another type", text: good.replace("auth_type PASS", "auth_type AH") },
  ])("is refused where it is $why, without being told", ({ text }) => {
    const check = () => verifyConf(text, desired, CONF_PATHS);

    expect(text).not.toBe(good);
    expect(check).toThrow(/authentication must hold/);
    expect(check).not.toThrow(/pa#/);
  });

  it("is refused where none is set", () => {
    const text = GOOD.replace(
      "state BACKUP",
      "state BACKUP\nauthentication {\nauth_type PASS\nauth_pass x\n}",
    );

    expect(() => verifyConf(text, DESIRED["several-vips"]!, CONF_PATHS)).toThrow(
      /authentication must be absent/,
    );
  });
});

it("names every mistake at once", () => {
  const text = GOOD.replace("state BACKUP", "").replace("virtual_router_id 50", "");

  expect(() => verifyConf(text, DESIRED["several-vips"]!, CONF_PATHS)).toThrow(
    /virtual_router_id.*state|state.*virtual_router_id/,
  );
});

it("reads words, quotes, blocks and comments as keepalived does", () => {
  const text = `a "b c" 'd"e' # x { y\n! comment\nblock one { inner 1\n other { } }\n`;

  expect(parseConf(text)).toEqual([
    { words: ["a", "b c", 'd"e'], line: 1, block: undefined },
    {
      words: ["block", "one"],
      line: 3,
      block: [
        { words: ["inner", "1"], line: 3, block: undefined },
        { words: ["other"], line: 4, block: [] },
      ],
    },
  ]);
});

it("throws nothing but SyntaxError for arbitrary text", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(..."ab {}\n\"'#! ") }), (text) => {
      try {
        parseConf(text);
      } catch (error) {
        expect(error).toBeInstanceOf(SyntaxError);
      }
    }),
  );
});
