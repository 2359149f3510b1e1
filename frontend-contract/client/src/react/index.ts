/** React hooks over the client. */
export { createShop, ShopProvider, useShop, type Shop } from "./shop.tsx";
export { useCart } from "./use-cart.ts";
export * from "./use-catalog.ts";
export * from "./use-customer.ts";
export { useLiveConnection, useLiveEntities, useLiveEntity } from "./use-live-entity.ts";
export { useLiveQuery } from "./use-live-query.ts";
export { useQuery } from "./use-query.ts";
export { useStockBadge, useStockBadges, type LiveStockBadge } from "./use-stock-badge.ts";
