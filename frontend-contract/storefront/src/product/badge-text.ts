import type { StockBadge } from "@selvedge/client";

/** The words of a badge. */
export interface BadgeText {
  readonly state: string;
  /** Pieces left, where that helps; empty otherwise. */
  readonly count: string;
}

const MANY = 50;

/** What a badge says in words. */
export function badgeText(badge: StockBadge): BadgeText {
  switch (badge.state) {
    case "IN_STOCK":
      return { state: "In stock", count: badge.available > MANY ? `${MANY}+` : String(badge.available) };
    case "LOW_STOCK":
      return { state: `Only ${badge.available} left`, count: String(badge.available) };
    case "OUT_OF_STOCK":
      return { state: "Sold out", count: "" };
    case "BACKORDER":
      return { state: badge.expectedAt ? `Back ${formatDay(badge.expectedAt)}` : "On backorder", count: "" };
    case "PREORDER":
      return { state: badge.expectedAt ? `Ships ${formatDay(badge.expectedAt)}` : "Preorder", count: "" };
  }
}

/** True when at least one piece can be held now. */
export function canHold(badge: StockBadge | undefined): boolean {
  return badge !== undefined && badge.available > 0;
}

function formatDay(time: string): string {
  return new Date(time).toLocaleDateString("en-GB", { day: "numeric", month: "short" });
}
