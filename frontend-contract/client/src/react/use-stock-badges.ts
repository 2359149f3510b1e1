import { useCallback, useMemo, useSyncExternalStore } from "react";

import type { BadgeStore, StockBadge } from "../stock/badge-store.ts";
import type { ConnectionState } from "../transport/socket.ts";
import { useShop } from "./shop.tsx";

/** State of the live connection. */
export function useStockConnection(): ConnectionState {
  const { badges } = useShop();
  const watch = useCallback((listener: () => void) => badges.watchConnection(listener), [badges]);
  return useSyncExternalStore(watch, () => badges.connection);
}

/** The live badge of one SKU; `stale` when it may be behind because the connection is away. */
export function useStockBadge(sku: string): { readonly badge: StockBadge | undefined; readonly stale: boolean } {
  const { badges } = useShop();
  const watch = useCallback((listener: () => void) => badges.watch([sku], listener), [badges, sku]);
  const badge = useSyncExternalStore(watch, () => badges.get(sku));
  return { badge, stale: useStockConnection() === "offline" };
}

/** The live badges of many SKUs. All hooks of a page share one socket and one subscription. */
export function useStockBadges(skus: readonly string[]): {
  readonly badges: ReadonlyMap<string, StockBadge>;
  readonly stale: boolean;
} {
  const { badges } = useShop();
  const key = JSON.stringify(skus);
  const view = useMemo(() => viewBadges(badges, JSON.parse(key) as string[]), [badges, key]);
  return { badges: useSyncExternalStore(view.watch, view.read), stale: useStockConnection() === "offline" };
}

/** A view of some SKUs that stays the same object until one of them changes. */
function viewBadges(store: BadgeStore, skus: readonly string[]) {
  let known: ReadonlyMap<string, StockBadge> = new Map();
  return {
    watch: (listener: () => void) => store.watch(skus, listener),
    read: (): ReadonlyMap<string, StockBadge> => {
      const now = new Map<string, StockBadge>();
      for (const sku of skus) {
        const badge = store.get(sku);
        if (badge) now.set(sku, badge);
      }
      const same = now.size === known.size && [...now].every(([sku, badge]) => known.get(sku) === badge);
      if (!same) known = now;
      return known;
    },
  };
}
