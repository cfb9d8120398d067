/** What happened, as one line each. */
import { durationText } from "./duration-text.ts";
import type { Outcome, Return } from "./incident.ts";

export function outcomeText({ way, before, after, lost, silenceMs }: Outcome): string {
  const what = way.target === "owner" ? `${before}: ${way.name}` : way.name;
  const who = before === after ? `${before} kept the VIP` : `${after} took over`;
  return `${what}, ${who}, ${silenceText(lost, silenceMs)}`;
}

export function returnText({ host, durationMs, lost, overlapMs }: Return): string {
  const both = overlapMs > 0 ? `; two hosts had the VIP for ${durationText(overlapMs)} meanwhile` : "";
  const losses = lost > 0 ? `; ${lost} lost at its return` : "";
  return `${host} is back after ${durationText(durationMs)}${both}${losses}`;
}

function silenceText(lost: number, silenceMs: number): string {
  if (lost === 0) return `client lost nothing (${durationText(silenceMs)} at worst)`;
  return `client silent ${durationText(silenceMs)} (${lost} lost)`;
}
