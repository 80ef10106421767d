/** Response times in memory: the last thousand per route. */
const KEPT = 1000;
const times = new Map<string, number[]>();

export function record(route: string, milliseconds: number): void {
  const kept = times.get(route) ?? [];
  kept.push(milliseconds);
  if (kept.length > KEPT) kept.shift();
  times.set(route, kept);
}

export interface RouteTimes {
  requests: number;
  mean: number;
  p95: number;
}

export function summary(): Record<string, RouteTimes> {
  return Object.fromEntries([...times].map(([route, kept]) => [route, timesOf(kept)]));
}

function timesOf(kept: number[]): RouteTimes {
  const sorted = [...kept].sort((a, b) => a - b);
  const mean = sorted.reduce((sum, one) => sum + one, 0) / sorted.length;
  const p95 = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.95))];
  return { requests: sorted.length, mean: Math.round(mean * 10) / 10, p95: Math.round(p95 * 10) / 10 };
}
