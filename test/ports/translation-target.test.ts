import { expect, it } from "vitest";
import { parseRule } from "../../src/iptables/rule.ts";
import { translationOf } from "../../src/ports/translation-target.ts";

const HOST = { kind: "host", address: "10.42.1.2", port: 80 };

it.each([
  { rule: "-j DNAT --to-destination 10.42.1.2:80", to: "10.42.1.2:80", target: HOST },
  { rule: "-j DNAT --to-destination 10.42.1.2", to: "10.42.1.2", target: { ...HOST, port: 8080 } },
  { rule: "-j DNAT --to-destination 10.42.1.2:80 --random", to: "10.42.1.2:80", target: HOST },
  {
    rule: "-j DNAT --to-destination [2001:DB8::2]:80",
    to: "[2001:DB8::2]:80",
    target: { ...HOST, address: "2001:db8::2" },
  },
  {
    rule: "-j DNAT --to-destination 2001:db8::2",
    to: "2001:db8::2",
    target: { ...HOST, address: "2001:db8::2", port: 8080 },
  },
  { rule: "-j DNAT --to-destination :80", to: ":80", target: { kind: "this-host", port: 80 } },
  { rule: "-j REDIRECT --to-ports 80", to: "local:80", target: { kind: "this-host", port: 80 } },
  { rule: "-j REDIRECT", to: "local:8080", target: { kind: "this-host", port: 8080 } },
  { rule: "-j REDIRECT --to-ports 80-90", to: "local:80-90", target: { kind: "several" } },
  {
    rule: "-j DNAT --to-destination 10.42.1.2-10.42.1.9",
    to: "10.42.1.2-10.42.1.9",
    target: { kind: "several" },
  },
  {
    rule: "-j DNAT --to-destination 10.42.1.2:80-90",
    to: "10.42.1.2:80-90",
    target: { kind: "several" },
  },
  {
    rule: "-j DNAT --to-destination 10.42.1.2:80-90/80",
    to: "10.42.1.2:80-90/80",
    target: { kind: "several" },
  },
])("port 8080 with $rule goes to $to", ({ rule, to, target }) => {
  expect(translationOf(parseRule(`-A CATTLE_PREROUTING ${rule}`)!.target!, 8080)).toEqual({ to, target });
});

it.each(["-j DNAT --to-destination 169.254.169.250:9346", "-j DNAT", "-j ACCEPT"])(
  "%s is no translation of a published port",
  (rule) => {
    expect(translationOf(parseRule(`-A CATTLE_PREROUTING ${rule}`)!.target!, 80)).toBeUndefined();
  },
);
