/** Whether the memory of processes grows. Pure arithmetic on samples. */
export interface MemorySample {
  /** One life of a process: the host's name and the pid. */
  readonly life: string;
  readonly atMs: number;
  readonly megabytes: number;
}

export interface MemoryTrend {
  readonly life: string;
  readonly minutes: number;
  readonly firstMegabytes: number;
  readonly lastMegabytes: number;
  readonly mostMegabytes: number;
  /** Of the straight line through the samples of the second half. */
  readonly megabytesAMinute: number;
}

/** V8 makes itself at home: this much of each life does not count. */
const WARM_UP_MS = 60_000;
/** V8 collects the old part of its heap every few minutes: a line through less says nothing. */
const LEAST_MS = 480_000;
/** In the image an agent has some 50 MB of its own. */
const MOST_MEGABYTES = 120;
const MOST_GROWTH_A_MINUTE = 1;

/** Of each life that lasted long enough. */
export function memoryTrends(samples: readonly MemorySample[]): MemoryTrend[] {
  return [...Map.groupBy(samples, ({ life }) => life)].flatMap(([life, all]) => {
    const startMs = Math.min(...all.map(({ atMs }) => atMs));
    const list = all.filter(({ atMs }) => atMs >= startMs + WARM_UP_MS);
    const [first] = list;
    const last = list.at(-1);
    if (first === undefined || last === undefined || last.atMs - first.atMs < LEAST_MS) return [];
    const halfMs = (first.atMs + last.atMs) / 2;
    const secondHalf = list.filter(({ atMs }) => atMs >= halfMs);
    return [
      {
        life,
        minutes: (last.atMs - startMs) / 60_000,
        firstMegabytes: first.megabytes,
        lastMegabytes: last.megabytes,
        mostMegabytes: Math.max(...list.map(({ megabytes }) => megabytes)),
        megabytesAMinute: slopeOf(secondHalf) * 60_000,
      },
    ];
  });
}

/** One sentence for each life that grows, or has too much. */
export function memoryComplaints(trends: readonly MemoryTrend[]): string[] {
  return trends.flatMap(({ life, mostMegabytes, megabytesAMinute }) => [
    ...(mostMegabytes > MOST_MEGABYTES ? [`${life} had ${mostMegabytes.toFixed(1)} MB`] : []),
    ...(megabytesAMinute > MOST_GROWTH_A_MINUTE
      ? [`${life} grows by ${megabytesAMinute.toFixed(2)} MB a minute`]
      : []),
  ]);
}

/** MB a millisecond, by least squares. */
function slopeOf(list: readonly MemorySample[]): number {
  const meanAt = mean(list.map(({ atMs }) => atMs));
  const meanSize = mean(list.map(({ megabytes }) => megabytes));
  const products = list.map(({ atMs, megabytes }) => (atMs - meanAt) * (megabytes - meanSize));
  const squares = list.map(({ atMs }) => (atMs - meanAt) ** 2);
  return mean(products) / mean(squares);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
