/** How sure it is that a rule, or one of its conditions, applies to a packet. */

/** `maybe` where that depends on what is not known of the packet, or where the condition is not known. */
export type Certainty = "yes" | "no" | "maybe";

export function certain(applies: boolean): Certainty {
  return applies ? "yes" : "no";
}

/** The certainty of a condition with `!` before it, where it has one. */
export function negateIf(isNegated: boolean, certainty: Certainty): Certainty {
  if (!isNegated || certainty === "maybe") return certainty;
  return certain(certainty === "no");
}

/** Whether the item is in a list such as `NEW,ESTABLISHED`. */
export function isListed(list: string, item: string): Certainty {
  return certain(list.split(",").includes(item));
}
