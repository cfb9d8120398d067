/** The lock file must install anywhere: `npm ci` refuses one without the packages of other platforms. */
import { expect, it } from "vitest";
import { readDocument } from "./readme.ts";

interface Locked {
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const packages: Readonly<Record<string, Locked>> = JSON.parse(readDocument("package-lock.json")).packages;
const names = Object.keys(packages).map((path) =>
  path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length),
);

it("holds every optional package, whatever platform it is for", () => {
  const wanted = Object.values(packages).flatMap(({ optionalDependencies = {} }) =>
    Object.keys(optionalDependencies),
  );

  expect(wanted.length).toBeGreaterThan(20);
  expect(wanted.filter((name) => !names.includes(name))).toEqual([]);
});

it("names no registry", () => {
  expect(Object.values(packages).filter(({ resolved }) => resolved !== undefined)).toEqual([]);
});
