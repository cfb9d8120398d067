/**
 * Mends that the model can take out, one by one, to show that it finds what they mend. Each takes something away at the
 * border between the model and the agent's code, so that this code decides as it did before.
 */
export const MENDS = {
  row1: "docker0's address is one like any other",
  row2: "no group listens before it is owned, and a host that is heard becomes no member",
  row3: "only what metadata lists keeps a member",
  row5: "a VIP has no lifetime, so it stays where its container was killed or frozen (rows 4 and 5)",
  row7: "any missing VIP has keepalived replaced",
  row9: "a tentative source counts as one",
  row14: "a planned change is not heard of in another transport",
  row15: "whoever advertises the former group counts as its owner",
} as const;

export type Mend = keyof typeof MENDS;
export type Without = ReadonlySet<Mend>;
