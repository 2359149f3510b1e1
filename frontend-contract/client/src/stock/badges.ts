import { BadgesDocument, StockBadgesDocument, type StockBadgePartsFragment } from "../generated/graphql.ts";
import { gatewayField } from "../live/entity-field.ts";
import { KeyedEntities } from "../live/keyed-entities.ts";
import type { GraphqlClient } from "../transport/client.ts";

/** What a shopper may be told of one SKU. */
export type StockBadge = StockBadgePartsFragment;

/** The live badges of a page by SKU. The schema takes 250 of them in one subscription. */
export type StockBadges = KeyedEntities<StockBadge>;

/** Badges from the gateway: the subscription on the shared socket, the query while that is away. */
export function gatewayBadges(client: Pick<GraphqlClient, "send" | "live">): StockBadges {
  const field = gatewayField(client, {
    subscription: StockBadgesDocument,
    query: BadgesDocument,
    variables: (skus) => ({ skus: [...skus] }),
    entity: (data) => data.stockBadges,
    entities: (data) => data.stockBadges,
    keyOf: (badge) => badge.sku,
    revisionOf: (badge) => badge.revision,
  });
  return new KeyedEntities(client.live, field, { batchSize: 250 });
}
