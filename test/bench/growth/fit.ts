/**
 * The simplest law that measured points follow: constant, a line, or a power. Deviations count in relation to the value,
 * so that 10 hosts weigh as much as 10,000.
 */
import { formatValue } from "../format.ts";
import type { Point } from "./growth.ts";

export interface Fit {
  /** The law in words, of the unknown `n`. */
  readonly law: string;
  readonly at: (size: number) => number;
  /** Largest deviation of a point from the law, in relation to the law's value. */
  readonly residual: number;
}

/** A law as exact as this needs no second unknown. */
const CONSTANT_WITHIN = 0.1;

/** @param points two or more, of different sizes and of values above 0. */
export function fitLaw(points: readonly Point[]): Fit {
  const constant = fitConstant(points);
  if (constant.residual <= CONSTANT_WITHIN) return constant;
  const [line, power] = [fitLine(points), fitPower(points)];
  return line.residual <= power.residual ? line : power;
}

function fitConstant(points: readonly Point[]): Fit {
  const mean = points.reduce((sum, { value }) => sum + value, 0) / points.length;
  return withResidual(points, `${formatValue(mean)} whatever n`, () => mean);
}

/** Least squares of (value - law) / value. */
function fitLine(points: readonly Point[]): Fit {
  const weighted = points.map(({ size, value }) => ({ x: size, y: value, weight: value ** -2 }));
  const { offset, slope } = leastSquares(weighted);
  const law = `${formatValue(offset)} ${slope < 0 ? "-" : "+"} ${formatValue(Math.abs(slope))} n`;
  return withResidual(points, law, (size) => offset + slope * size);
}

/** Least squares of the logarithms. */
function fitPower(points: readonly Point[]): Fit {
  const logarithms = points.map(({ size, value }) => ({ x: Math.log(size), y: Math.log(value), weight: 1 }));
  const { offset, slope } = leastSquares(logarithms);
  const factor = Math.exp(offset);
  const law = `${formatValue(factor)} n^${formatValue(slope)}`;
  return withResidual(points, law, (size) => factor * size ** slope);
}

function leastSquares(points: readonly { x: number; y: number; weight: number }[]) {
  const sum = (of: (point: { x: number; y: number }) => number) =>
    points.reduce((total, point) => total + point.weight * of(point), 0);
  const [one, x, y, xx, xy] = [
    sum(() => 1),
    sum((point) => point.x),
    sum((point) => point.y),
    sum((point) => point.x ** 2),
    sum((point) => point.x * point.y),
  ];
  const slope = (one * xy - x * y) / (one * xx - x ** 2);
  return { offset: (y - slope * x) / one, slope };
}

function withResidual(points: readonly Point[], law: string, at: (size: number) => number): Fit {
  const deviations = points.map(({ size, value }) => Math.abs(value / at(size) - 1));
  return { law, at, residual: Math.max(...deviations) };
}
