/** What has no law to be fitted, because it is a count of losses or has two contenders: tables of measured values. */
export interface Limit {
  readonly title: string;
  /** How it was measured, in sentences. */
  readonly how: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export function limitText({ title, how, head, rows }: Limit): string {
  const lines = [head, head.map(() => "---:"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return [`### ${title}`, how, lines.join("\n")].join("\n\n");
}
