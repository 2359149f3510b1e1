import type { StockBadge } from "@selvedge/client";

import { badgeText } from "./badge-text.ts";
import { asOfText, staleNote, type Freshness } from "./staleness.ts";

/** The live badge of one size. Its key changes with the revision, so that it lights up when stock moves. */
export function LiveBadge({ badge, freshness }: { readonly badge: StockBadge | undefined; readonly freshness: Freshness }) {
  if (!badge) return <span className="badge badge-unknown">…</span>;
  const text = badgeText(badge);
  const tone = badge.state.toLowerCase().replaceAll("_", "-");
  const asOf = asOfText(freshness);
  return (
    <>
      <span
        key={badge.revision}
        className={`badge badge-${tone} badge-is-${freshness.status}`}
        data-testid={`badge-${badge.sku}`}
        data-state={badge.state}
        data-available={badge.available}
        data-revision={badge.revision}
        data-status={freshness.status}
        title={staleNote(freshness) || undefined}
      >
        <span>{text.state}</span>
        {badge.state === "IN_STOCK" && <b>{text.count}</b>}
      </span>
      {asOf && <small className="as-of">{asOf}</small>}
    </>
  );
}
