/** A link of the owner that loses a share of the frames for as long as the run says. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Case, Variant } from "./case.ts";
import type { LossKind } from "./switch-filter.ts";

const ONE_IN = [2, 3, 5, 10];

function loss(kind: LossKind): Variant[] {
  return ONE_IN.map((oneIn) => ({
    name: kind === "every" ? `each frame number ${oneIn} lost` : `1 of ${oneIn} lost at random`,
    allowed: "none",
    isLong: true,
    watchMs: 1_000,
    play: async (stage, owner, { seconds }) => {
      const brokenAtMs = await stage.filter.lose(owner.name, oneIn, kind);
      await sleep(seconds * 1_000);
      await stage.filter.endLoss();
      return { brokenAtMs, healedAtMs: brokenAtMs };
    },
  }));
}

export const LOSSY: Case = {
  name: "lossy",
  title: "The owner's link loses frames that it sends",
  isLasting: true,
  variants: [...loss("every"), ...loss("random")],
};
