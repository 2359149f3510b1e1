import { useMemo } from "react";

import type { LiveEntity } from "../live/keyed-entities.ts";
import type { StockBadge } from "../stock/badges.ts";
import { useShop } from "./shop.tsx";
import { useLiveEntities, useLiveEntity } from "./use-live-entity.ts";

/** A live badge, and what can be said of it. */
export interface LiveStockBadge extends Omit<LiveEntity<StockBadge>, "value"> {
  readonly badge: StockBadge | undefined;
}

/** The live badge of one SKU. */
export function useStockBadge(sku: string): LiveStockBadge {
  const entity = useLiveEntity(useShop().badges, sku);
  return useMemo(() => badgeOf(entity), [entity]);
}

/** The live badges of many SKUs. */
export function useStockBadges(skus: readonly string[]): ReadonlyMap<string, LiveStockBadge> {
  const entities = useLiveEntities(useShop().badges, skus);
  return useMemo(() => new Map([...entities].map(([sku, entity]) => [sku, badgeOf(entity)])), [entities]);
}

function badgeOf({ value, ...rest }: LiveEntity<StockBadge>): LiveStockBadge {
  return { badge: value, ...rest };
}
