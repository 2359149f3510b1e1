import { useStockBadges } from "@selvedge/client/react";
import { useEffect, useRef, useState } from "react";

import { asOfText, freshnessOf, staleNote } from "../product/staleness.ts";
import { sumOfBadges, sumText } from "./sum-of-badges.ts";

const NOT_SEEN: readonly string[] = [];

/** The live stock of all variants of a product in one badge. Only cards near the screen are subscribed. */
export function CardStock({ handle, skus }: { readonly handle: string; readonly skus: readonly string[] }) {
  const place = useRef<HTMLSpanElement>(null);
  const near = useNearScreen(place);
  const badges = useStockBadges(near ? skus : NOT_SEEN);
  const sum = sumOfBadges([...badges.values()].flatMap(({ badge }) => badge ?? []));
  // A size of which the gateway has said nothing yet takes nothing from those that it has said.
  const freshness = freshnessOf([...badges.values()].filter(({ badge }) => badge));
  const asOf = asOfText(freshness);
  return (
    <span ref={place} className="card-stock" data-testid={`stock-${handle}`} data-available={sum?.available} data-status={freshness.status}>
      {sum ? (
        <span className={`badge badge-${sum.state.toLowerCase().replaceAll("_", "-")} badge-is-${freshness.status}`} title={staleNote(freshness) || undefined}>
          {sumText(sum)}
        </span>
      ) : (
        <span className="badge badge-unknown">…</span>
      )}
      {asOf && <small className="as-of">{asOf}</small>}
    </span>
  );
}

/** True while an element is on the screen or close to it. */
function useNearScreen(place: React.RefObject<Element | null>): boolean {
  const [near, setNear] = useState(false);
  useEffect(() => {
    if (!place.current) return undefined;
    const observer = new IntersectionObserver((entries) => setNear(entries.at(-1)?.isIntersecting ?? false), { rootMargin: "25% 0px" });
    observer.observe(place.current);
    return () => observer.disconnect();
  }, [place]);
  return near;
}
