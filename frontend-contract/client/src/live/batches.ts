/** Which of the present batches stay, and which new ones are opened. */
export interface BatchPlan {
  /** Places of the batches that stay as they are. */
  readonly keep: readonly number[];
  readonly open: readonly (readonly string[])[];
}

/** Pages that grow bit by bit may have so many batches more than the least. */
const SPARE_BATCHES = 2;

/**
 * Covers the wanted keys by batches of at most `limit`.
 *
 * Keys that are new come into batches of their own, so that those which run go on undisturbed. Where that makes too
 * many, or most of a batch is no longer wanted, the smaller ones are packed anew.
 */
export function planBatches(current: readonly ReadonlySet<string>[], wanted: ReadonlySet<string>, limit: number): BatchPlan {
  const useful = current.map((keys) => [...keys].filter((key) => wanted.has(key)).length);
  const places = [...current.keys()];
  const least = Math.ceil(wanted.size / limit);
  const worthIt = places.filter((place) => (useful[place] ?? 0) * 2 > (current[place]?.size ?? 0));
  const grown = extend(current, worthIt, wanted, limit);
  if (grown.keep.length + grown.open.length <= least + SPARE_BATCHES) return grown;
  const large = worthIt.filter((place) => (useful[place] ?? 0) * 2 > limit);
  return extend(current, large, wanted, limit);
}

function extend(
  current: readonly ReadonlySet<string>[],
  keep: readonly number[],
  wanted: ReadonlySet<string>,
  limit: number,
): BatchPlan {
  const covered = new Set(keep.flatMap((place) => [...(current[place] ?? [])]));
  const missing = [...wanted].filter((key) => !covered.has(key)).sort();
  const open: string[][] = [];
  for (let start = 0; start < missing.length; start += limit) open.push(missing.slice(start, start + limit));
  return { keep, open };
}
