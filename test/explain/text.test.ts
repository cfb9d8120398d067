import { expect, it } from "vitest";
import { explainText } from "../../src/explain/text.ts";
import { type Case, explainCase } from "../fixtures/explain.ts";

const VIP = { VIRTUAL_IP: "198.51.100.50" };
const textOf = (given: Case) => explainText(explainCase(given));
const withoutSpaces = (text: string) => text.replaceAll(/ {2,}/g, " ");

it.each<{ why: string; given: Case; says: string }>([
  { why: "a set value", given: { env: { ...VIP, VRID: "7" } }, says: "VRID 7, from VRID (environment)\n" },
  { why: "a default", given: { env: VIP }, says: "ADVERT_INTERVAL 0.2 s, by default\n" },
  { why: "nothing", given: { env: VIP }, says: "CHECK_TCP not set: no check\n" },
  {
    why: "a derived value",
    given: { env: VIP },
    says: "VRID 50, derived: the last octet of the first VIP 198.51.100.50\n",
  },
  {
    why: "an overridden value",
    given: { env: { ...VIP, ADVERT_INTERVAL: "1" }, keepalived: { advert_interval: 2 } },
    says: "ADVERT_INTERVAL 1 s, from ADVERT_INTERVAL (environment)\n overrides 2 s, from keepalived.advert_interval (service metadata)\n",
  },
  {
    why: "a refused value",
    given: { env: VIP, labels: { "keepalived.priority": "0" } },
    says: ' refused: keepalived.priority="0" (host label): must be 1-254\n',
  },
  {
    why: "a key that no setting has",
    given: { env: VIP, keepalived: { vrud: 1 } },
    says: " refused: keepalived.vrud=(hidden) (service metadata): unknown key; did you mean keepalived.vrid?",
  },
  { why: "peers", given: { env: VIP }, says: " peers 198.51.100.12: node-2, its agent_ip\n" },
  {
    why: "no peers",
    given: { env: { ...VIP, UNICAST: "false" } },
    says: " peers none: adverts go by multicast\n",
  },
  { why: "no checks", given: { env: VIP }, says: " checks none: nothing is checked\n" },
  {
    why: "a check",
    given: { env: { ...VIP, CHECK_TCP: "127.0.0.1:80" } },
    says: " checks tcp 127.0.0.1:80, from CHECK_TCP (environment): it accepts a connection\n",
  },
  {
    why: "checks that are kept",
    given: { env: VIP, keepalived: { check: { ports: "x" } } },
    says: " checks kept as before, because one of their values is refused\n",
  },
  { why: "who this host is", given: { env: VIP }, says: " host node-1 (uuid-1)\n service lb/keepalived\n" },
  {
    why: "that metadata is away",
    given: { env: VIP, metadata: { origin: "last-good", foundBy: undefined } },
    says: " metadata does not answer: known from an earlier run\n",
  },
  {
    why: "a refused group",
    given: { keepalived: { instances: { web: { vrid: 1 } } } },
    says: "group web REFUSED, and left out\n VIP_MISSING: no virtual IP is set anywhere\n -> Set VIRTUAL_IP",
  },
  {
    why: "each problem of a refused group on a line of its own",
    given: { keepalived: { instances: { web: { vrid: 0, interface: "a/b" } } } },
    says: 'must be an interface name: 1-15 bytes without /, : and white space\n keepalived.instances.web.vrid="0"',
  },
  {
    why: "that nothing can be used",
    given: { keepalived: { instances: { web: { vrid: 1 } } } },
    says: "the agent would not use this\n VIP_MISSING: ",
  },
  {
    why: "a group whose name cannot be used",
    given: { keepalived: { instances: { "a b": { vrid: 1 }, db: { virtual_ip: "198.51.100.9" } } } },
    says: 'refused\n SETTING_REFUSED: keepalived.instances="a b"',
  },
  {
    why: "advice",
    given: { env: { ...VIP, ADVERT_INTERVAL: "0.05", VRRP_SCHEDULING: "normal" } },
    says: "advice\n ADVERT_INTERVAL (environment) is 0.05 s",
  },
])("shows $why", ({ given, says }) => {
  expect(withoutSpaces(textOf(given))).toContain(says);
});

it("begins with the conf", () => {
  const text = explainText({ ...explainCase({ env: VIP }), conf: "global_defs {\n}\n" });

  expect(text.startsWith("global_defs {\n}\n\ngroup main\n")).toBe(true);
});

it("sends no control characters to a terminal, for any labels and metadata", () => {
  const nasty = "x\u001b[2J\nVRID 1\u202e";
  const text = textOf({
    env: { VIRTUAL_IP: "198.51.100.50", CHECK_SCRIPT: "echo \u202e" },
    labels: { [`keepalived.${nasty}`]: nasty, "keepalived.priority": nasty },
    keepalived: { [nasty]: nasty, instances: { [nasty]: { vrid: 1 }, main: { vrid: nasty } } },
  });

  for (const line of text.split("\n")) expect(line).not.toMatch(/\p{Cc}|\p{Cf}|^VRID 1/u);
});
