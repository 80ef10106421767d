const KEPT = 1e3;
const times = /* @__PURE__ */ new Map();
function record(route, milliseconds) {
  const kept = times.get(route) ?? [];
  kept.push(milliseconds);
  if (kept.length > KEPT) kept.shift();
  times.set(route, kept);
}
function summary() {
  return Object.fromEntries([...times].map(([route, kept]) => [route, timesOf(kept)]));
}
function timesOf(kept) {
  const sorted = [...kept].sort((a, b) => a - b);
  const mean = sorted.reduce((sum, one) => sum + one, 0) / sorted.length;
  const p95 = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.95))];
  return { requests: sorted.length, mean: Math.round(mean * 10) / 10, p95: Math.round(p95 * 10) / 10 };
}
export {
  record as r,
  summary as s
};
