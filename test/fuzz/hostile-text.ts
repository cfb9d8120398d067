/** Text that would be syntax somewhere: in keepalived.conf, a template, a URL, a log, JavaScript's own objects. */
import fc from "fast-check";

/** Everything that keepalived.conf(5) gives a meaning to, and what shells, YAML and nunjucks do. */
const MARKS = [..."\"'{}#!$@~\\ \t\n\r\f\v\0;|&<>=,.:/%-_()[]*?^`"];
const LETTERS = [..."abxyz019AZ"];
/** What does not print, hides or moves what does, or is more bytes than letters. */
const ODD = [
  "\u0001",
  "\u001b",
  "\u007f",
  "\u0085",
  "\u00a0",
  "é",
  "ß",
  "\u200b",
  "\u202e",
  "\u2028",
  "\ufeff",
  "日",
  "😀",
];
const HALVES = ["\ud83d", "\ude00"];

/** Whole words that keepalived, nunjucks or JavaScript act on. */
export const WORDS = [
  "include",
  "include /etc/passwd",
  "@host",
  "@^host vrrp_strict",
  "$X=1",
  "$_PWD",
  "$_HASH,",
  `\${_HASH}`,
  `\${_RANDOM 1 9}`,
  `\${_PWD}`,
  "~SEQ(v,1,3) a$v",
  "~LST(v,a,b)",
  "vrrp_strict",
  "no_accept",
  "}\nvrrp_strict\n",
  "{",
  "}",
  "{}",
  '"',
  '" }',
  "\\",
  "a\\",
  "a\\\\",
  "\\#",
  "{{ 7 * 7 }}",
  "{% include 'x' %}",
  "{#",
  "__proto__",
  "constructor",
  "toString",
  "../../etc/x",
  "-x",
  "main",
  "null",
  "[object Object]",
] as const;

/** A few characters and words at a time, so that they meet; small, because a short text shrinks to a clear one. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: textOf([...MARKS, ...LETTERS], 12) },
  { weight: 3, arbitrary: textOf([...MARKS, ...LETTERS, ...ODD, ...HALVES], 12) },
  { weight: 3, arbitrary: fc.constantFrom(...WORDS) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(textOf(LETTERS, 4), fc.constantFrom(...WORDS), textOf(MARKS, 3))
      .map((it) => it.join("")),
  },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 20 }) },
);

/** A megabyte of one short text, over and over. */
export const hugeText: fc.Arbitrary<string> = fc
  .constantFrom(
    "a",
    "1",
    "0",
    ":",
    "1:",
    "10.0.0.1,",
    "fe80::1 ",
    "{",
    '"',
    "\n",
    "$a ",
    "\\",
    "é",
    "\ud83d",
    "a.",
    "80,",
    "-",
  )
  .map((unit) => unit.repeat(Math.ceil(2 ** 20 / unit.length)));

/** `text` with something hostile put before, into or behind it: what a check of one end alone lets through. */
export function spoilt(text: string): fc.Arbitrary<string> {
  return fc
    .tuple(fc.nat(text.length), hostileText)
    .map(([position, hostile]) => text.slice(0, position) + hostile + text.slice(position));
}

/** 1-15 bytes that Linux takes as an interface name: anything but `/`, `:` and white space. */
export const kernelName: fc.Arbitrary<string> = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom("eth0", "br-ex", "bond0.100", "enp0s31f6") },
  { weight: 3, arbitrary: textOf([...MARKS, ...LETTERS], 15).map(asKernelName) },
  {
    weight: 2,
    arbitrary: fc
      .oneof(textOf([...MARKS, ...LETTERS, ...ODD], 9), fc.constantFrom(...WORDS))
      .map(asKernelName),
  },
);

/** Written from the kernel's dev_valid_name, which asks isspace() of each byte as Latin-1. */
function asKernelName(text: string): string {
  let name = "";
  for (const character of text) {
    const bytes = Buffer.from(character).toString("latin1");
    if (/[\0\t-\r \xa0/:]/.test(bytes) || Buffer.byteLength(name + character) > 15) continue;
    name += character;
  }
  return ["", ".", ".."].includes(name) ? "eth0" : name;
}

function textOf(units: readonly string[], maxLength: number): fc.Arbitrary<string> {
  return fc.string({ unit: fc.constantFrom(...units), maxLength });
}
