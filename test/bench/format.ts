/** Numbers as people read them. */

/** Three digits that count, fewer where they are zeros; a dash where nothing was measured. */
export function formatValue(value: number): string {
  if (Number.isNaN(value)) return "-";
  if (Math.abs(value) >= 100) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}

/** `1/12` or `0.85 x`: a fraction where that says more. */
export function formatRatio(ratio: number): string {
  if (!Number.isFinite(ratio)) return "-";
  if (ratio > 0 && ratio <= 0.5) return `1/${formatInverse(1 / ratio)}`;
  return `${formatValue(ratio)} x`;
}

function formatInverse(value: number): string {
  return value < 10 ? String(Number(value.toFixed(1))) : String(Math.round(value));
}
