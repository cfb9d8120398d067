import { expect, it } from "vitest";
import { findUntrackedBlocker } from "../../src/sending/untracked-adverts.ts";
import { INSTANCE } from "../fixtures/desired.ts";

const save = (policy: string, ...rules: string[]) =>
  [
    "*filter",
    `:INPUT ${policy} [0:0]`,
    ":FORWARD ACCEPT [0:0]",
    ":OUTPUT ACCEPT [0:0]",
    ...rules,
    "COMMIT",
    "",
  ].join("\n");
const read = (text: string) => ({ family: "ipv4", backend: "nft", read: { kind: "table", text } }) as const;
const blockerOf = (text: string) => findUntrackedBlocker([INSTANCE], [read(text)]);

it.each([
  { why: "nothing is filtered", text: save("ACCEPT") },
  { why: "protocol 112 is accepted in every state", text: save("DROP", "-A INPUT -p vrrp -j ACCEPT") },
  {
    why: "untracked packets are accepted as new ones",
    text: save("DROP", "-A INPUT -p vrrp -m conntrack --ctstate NEW,UNTRACKED -j ACCEPT"),
  },
  { why: "tracked adverts are dropped all the same", text: save("DROP", "-A INPUT -p tcp -j ACCEPT") },
  {
    why: "what cannot be read may accept them",
    text: save("DROP", "-A INPUT -m set --match-set peers src -j ACCEPT"),
  },
])("finds none where $why", ({ text }) => {
  expect(blockerOf(text)).toBeUndefined();
});

it.each([
  {
    text: save("DROP", "-A INPUT -p vrrp -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT"),
    want: "the policy of INPUT",
  },
  { text: save("DROP", "-A INPUT -p vrrp -m state --state NEW -j ACCEPT"), want: "the policy of INPUT" },
  {
    text: save("ACCEPT", "-A INPUT -m conntrack --ctstate UNTRACKED -j DROP"),
    want: "the rule -A INPUT -m conntrack --ctstate UNTRACKED -j DROP",
  },
])("finds $want", ({ text, want }) => {
  expect(blockerOf(text)).toBe(want);
});
