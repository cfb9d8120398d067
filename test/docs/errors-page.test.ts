import { expect, it } from "vitest";
import { ERRORS } from "../../src/errors.ts";
import { SPLIT_BRAIN_CAUSES } from "../../src/split-brain/causes.ts";
import { readDocument } from "./readme.ts";

const page = readDocument("templates/page/errors.html");
const ids = [...page.matchAll(/<article id="([^"]+)"/g)].map(([, id]) => id);

it("has each error code, and each cause of a split brain", () => {
  expect(ids).toEqual(expect.arrayContaining(Object.keys(ERRORS)));
  expect(ids.filter((id) => id?.startsWith("cause-")).toSorted()).toEqual(
    SPLIT_BRAIN_CAUSES.map((cause) => `cause-${cause}`).toSorted(),
  );
});
