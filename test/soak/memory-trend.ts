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
  /** How fast the floor rises: the median over windows. One large answer lifts it once, a leak lifts it in every window. */
  readonly megabytesAMinute: number;
}

/** V8 makes itself at home: this much of each life does not count. */
const WARM_UP_MS = 60_000;
/** V8 collects the old part of its heap every few minutes: less says nothing. */
const LEAST_MS = 480_000;
/** The floor of a window is what its collections left, so a window must be long enough for one. */
const WINDOWS = 6;
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
    return [
      {
        life,
        minutes: (last.atMs - startMs) / 60_000,
        firstMegabytes: first.megabytes,
        lastMegabytes: last.megabytes,
        mostMegabytes: Math.max(...list.map(({ megabytes }) => megabytes)),
        megabytesAMinute: floorRise(list, first.atMs, last.atMs),
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

/** MB a minute: the median rise from the least of one window to the least of the next. */
function floorRise(list: readonly MemorySample[], startMs: number, endMs: number): number {
  const windowMs = (endMs - startMs) / WINDOWS;
  const windowOf = ({ atMs }: MemorySample) => Math.min(WINDOWS - 1, Math.floor((atMs - startMs) / windowMs));
  const windows = [...Map.groupBy(list, windowOf)].toSorted(([a], [b]) => a - b);
  const floors = windows.map(([, samples]) => Math.min(...samples.map(({ megabytes }) => megabytes)));
  const rises = floors.slice(1).map((floor, index) => floor - (floors[index] ?? floor));
  return ((medianOf(rises) ?? 0) / windowMs) * 60_000;
}

function medianOf(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
