/** Typed client of the shop's graph, without a framework. */
export * from "./generated/graphql.ts";
export { BehaviourRecorder, gatewayBehaviour, type Happening, type RecorderPorts } from "./behaviour/recorder.ts";
export * from "./cart/cart.ts";
export { CartStore, type CartPorts, type CartProblem, type HoldAnswer, type StockHolder } from "./cart/cart-store.ts";
export { gatewayStockHolder } from "./cart/stock-holder.ts";
export { applyPatch } from "./live/apply-patch.ts";
export { gatewayField, type EntityFieldOperations } from "./live/entity-field.ts";
export { KeyedEntities, type EntityField, type KeyedEntitiesOptions, type LiveEntity } from "./live/keyed-entities.ts";
export type { Link, LinkState, LinkView, LiveOperation, LiveSink, LiveStatus } from "./live/link.ts";
export { LiveQueries } from "./live/live-queries.ts";
export { NOT_LIVE_CODE, type LiveQueryState } from "./live/live-query.ts";
export { LiveSocket, type LiveSocketOptions, type LiveSocketTimes } from "./live/live-socket.ts";
export { ProductList, ProductLists, type ListedProduct, type ProductListState } from "./query/product-list.ts";
export { QueryStore, type QueryState } from "./query/query-store.ts";
export { gatewayBadges, type StockBadge, type StockBadges } from "./stock/badges.ts";
export { GraphqlClient, socketAddress, type ClientOptions } from "./transport/client.ts";
export { failedParts, isNetworkError, type GraphqlError, type GraphqlResult } from "./transport/errors.ts";
