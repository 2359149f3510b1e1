import type { StockBadge } from "@selvedge/client";

import { badgeText } from "./badge-text.ts";

/** The live badge of one size. Its key changes with the revision, so that it lights up when stock moves. */
export function LiveBadge({ badge, stale }: { readonly badge: StockBadge | undefined; readonly stale: boolean }) {
  if (!badge) return <span className="badge badge-unknown">…</span>;
  const text = badgeText(badge);
  const tone = badge.state.toLowerCase().replaceAll("_", "-");
  return (
    <span
      key={badge.revision}
      className={`badge badge-${tone}${stale ? " badge-stale" : ""}`}
      data-testid={`badge-${badge.sku}`}
      data-state={badge.state}
      data-available={badge.available}
      data-revision={badge.revision}
      data-stale={stale}
      title={stale ? "The live connection is away; this may be behind." : undefined}
    >
      <span>{text.state}</span>
      {badge.state === "IN_STOCK" && <b>{text.count}</b>}
    </span>
  );
}
