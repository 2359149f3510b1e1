import type { LiveStockBadge } from "@selvedge/client/react";

/** What can be said of how fresh badges are; the same for one and for many. */
export type Freshness = Pick<LiveStockBadge, "status" | "staleSince" | "error">;

const WORST_FIRST = ["error", "offline", "stale", "connecting"] as const;

/** The freshness of many badges together: as bad as the worst, as old as the oldest. */
export function freshnessOf(badges: Iterable<Freshness>): Freshness {
  const all = [...badges];
  const worst = WORST_FIRST.find((each) => all.some((badge) => badge.status === each));
  const status = worst ?? (all.length > 0 ? "live" : "connecting");
  const doubted = all.flatMap(({ staleSince }) => staleSince ?? []);
  return {
    status,
    staleSince: doubted.length > 0 ? Math.min(...doubted) : undefined,
    error: all.find((badge) => badge.status === status)?.error,
  };
}

/** Until when a badge was right, such as "as of 14:03:05"; empty for one that is live or was never doubted. */
export function asOfText({ staleSince }: Freshness): string {
  return staleSince === undefined ? "" : `as of ${new Date(staleSince).toLocaleTimeString("en-GB")}`;
}

/** Why counts may be behind, with their time; empty when they are not. */
export function staleNote(freshness: Freshness): string {
  const asOf = asOfText(freshness);
  if (asOf === "") return "";
  switch (freshness.status) {
    case "offline":
      return `you are offline; counts are ${asOf}`;
    case "error":
      return `live stock was refused; counts are ${asOf}`;
    default:
      return `live stock is away; counts are ${asOf}`;
  }
}
