/** React hooks over the client. */
export { createShop, ShopProvider, useShop, type Shop } from "./shop.tsx";
export { useCart } from "./use-cart.ts";
export * from "./use-catalog.ts";
export * from "./use-customer.ts";
export { useQuery } from "./use-query.ts";
export { useStockBadge, useStockBadges, useStockConnection } from "./use-stock-badges.ts";
