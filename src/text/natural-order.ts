/** The order in which people expect names: web-2 before web-11. */

/** Compares the digits of two names as numbers of any length, and the rest by its characters. For `toSorted`. */
export function compareNaturally(one: string, other: string): number {
  const [parts, otherParts] = [partsOf(one), partsOf(other)];
  for (const [index, part] of parts.entries()) {
    const difference = compareParts(part, otherParts[index] ?? "");
    if (difference !== 0) return difference;
  }
  // web-02 and web-2 are two names, and need a fixed order
  return parts.length - otherParts.length || compareTexts(one, other);
}

function partsOf(name: string): string[] {
  return name.match(/\d+|\D+/g) ?? [];
}

function compareParts(one: string, other: string): number {
  if (!/^\d/.test(one) || !/^\d/.test(other)) return compareTexts(one, other);
  const [number, otherNumber] = [one.replace(/^0+/, ""), other.replace(/^0+/, "")];
  return number.length - otherNumber.length || compareTexts(number, otherNumber);
}

function compareTexts(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
