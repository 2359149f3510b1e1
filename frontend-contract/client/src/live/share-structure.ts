/**
 * The next value, with every part that equals the previous one's taken from there: what has not changed stays the same
 * object. Both are JSON.
 */
export function shareStructure<Value>(previous: unknown, next: Value): Value {
  if (previous === next) return next;
  if (Array.isArray(previous) && Array.isArray(next)) {
    const before: readonly unknown[] = previous;
    const shared = next.map((item, place) => shareStructure(before[place], item as unknown));
    const same = shared.length === before.length && shared.every((item, place) => item === before[place]);
    return (same ? previous : shared) as Value;
  }
  if (isRecord(previous) && isRecord(next)) {
    const names = Object.keys(next);
    const shared = Object.fromEntries(names.map((name) => [name, shareStructure(previous[name], next[name])]));
    const same = names.length === Object.keys(previous).length && names.every((name) => name in previous && shared[name] === previous[name]);
    return (same ? previous : shared) as Value;
  }
  return next;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
