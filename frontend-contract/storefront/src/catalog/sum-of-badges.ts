import type { StockBadge } from "@selvedge/client";

import { badgeText } from "../product/badge-text.ts";

const STATES = ["IN_STOCK", "LOW_STOCK", "PREORDER", "BACKORDER", "OUT_OF_STOCK"] as const;

/** One badge for all variants of a product: all pieces together, and the best state that a variant has. */
export function sumOfBadges(badges: readonly StockBadge[]): StockBadge | undefined {
  const state = STATES.find((each) => badges.some((badge) => badge.state === each));
  const best = badges.filter((badge) => badge.state === state);
  const [first] = best;
  if (!state || !first) return undefined;
  const expected = best.flatMap(({ expectedAt }) => expectedAt ?? []).sort();
  return {
    ...first,
    available: badges.reduce((sum, badge) => sum + Math.max(badge.available, 0), 0),
    expectedAt: expected[0] ?? null,
  };
}

const FEW = 9;

/** What the sum says in words. Many pieces over many sizes, of which each is low, are no small number. */
export function sumText(sum: StockBadge, nowMs = Date.now()): string {
  return sum.state === "LOW_STOCK" && sum.available > FEW ? "Few left of each size" : badgeText(sum, nowMs).state;
}
