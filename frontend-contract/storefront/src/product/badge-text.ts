import type { StockBadge } from "@selvedge/client";

/** The words of a badge. */
export interface BadgeText {
  readonly state: string;
  /** Pieces left, where that helps; empty otherwise. */
  readonly count: string;
}

const MANY = 50;

/** What a badge says in words. A day that has passed is no longer promised. */
export function badgeText(badge: StockBadge, nowMs = Date.now()): BadgeText {
  const day = expectedDay(badge, nowMs);
  switch (badge.state) {
    case "IN_STOCK":
      return { state: "In stock", count: badge.available > MANY ? `${MANY}+` : String(badge.available) };
    case "LOW_STOCK":
      return { state: `Only ${badge.available} left`, count: String(badge.available) };
    case "OUT_OF_STOCK":
      return { state: "Sold out", count: "" };
    case "BACKORDER":
      return { state: day ? `Back ${day}` : "On backorder", count: "" };
    case "PREORDER":
      return { state: day ? `Ships ${day}` : "Preorder", count: "" };
  }
}

/** True when at least one piece can be held now. */
export function canHold(badge: StockBadge | undefined): boolean {
  return badge !== undefined && badge.available > 0;
}

/** What follows from a badge for a shopper who would like a piece. */
export function holdNote(badge: StockBadge | undefined, nowMs = Date.now()): string {
  if (!badge || canHold(badge)) return "Adding a piece holds it for you for fifteen minutes.";
  const day = expectedDay(badge, nowMs);
  switch (badge.state) {
    case "BACKORDER":
      return `None is here now${day ? `; more are expected on ${day}` : ""}. Only pieces that are here can be held.`;
    case "PREORDER":
      return `Not here yet${day ? `; it is expected on ${day}` : ""}. Only pieces that are here can be held.`;
    default:
      return "None is left of this size.";
  }
}

/** The day on which more is expected, unless it has passed. */
function expectedDay({ expectedAt }: StockBadge, nowMs: number): string | undefined {
  if (expectedAt === null) return undefined;
  const time = new Date(expectedAt);
  if (time.getTime() < nowMs) return undefined;
  const year = time.getFullYear() === new Date(nowMs).getFullYear() ? {} : ({ year: "numeric" } as const);
  return time.toLocaleDateString("en-GB", { day: "numeric", month: "short", ...year });
}
