/** Typed client of the shop's graph, without a framework. */
export * from "./generated/graphql.ts";
export { BehaviourRecorder, gatewayBehaviour, type Happening, type RecorderPorts } from "./behaviour/recorder.ts";
export * from "./cart/cart.ts";
export { CartStore, type CartPorts, type CartProblem, type HoldAnswer, type StockHolder } from "./cart/cart-store.ts";
export { gatewayStockHolder } from "./cart/stock-holder.ts";
export { ProductList, ProductLists, type ProductListState } from "./query/product-list.ts";
export { QueryStore, type QueryState } from "./query/query-store.ts";
export { gatewayBadges } from "./stock/badge-source.ts";
export { BadgeStore, type BadgeSource, type BadgeStoreOptions, type StockBadge } from "./stock/badge-store.ts";
export { GraphqlClient, socketAddress, type ClientOptions } from "./transport/client.ts";
export { failedParts, isNetworkError, type GraphqlError, type GraphqlResult } from "./transport/errors.ts";
export { backoffMs, type ConnectionState } from "./transport/socket.ts";
