import { BadgesDocument, StockBadgesDocument } from "../generated/graphql.ts";
import type { GraphqlClient } from "../transport/client.ts";
import type { BadgeSource } from "./badge-store.ts";

/** Badges from the gateway: the subscription on the shared socket, the query when that is away. */
export function gatewayBadges(client: GraphqlClient): BadgeSource {
  return {
    subscribe: (skus, sink) =>
      client.subscribe(
        StockBadgesDocument,
        { skus },
        {
          next: (data) => sink.next(data.stockBadges),
          error: (reason) => sink.error(reason),
          complete: () => sink.complete(),
        },
      ),
    query: async (skus) => (await client.send(BadgesDocument, { skus })).data?.stockBadges ?? undefined,
    onState: (listener) => client.socket.onState(listener),
  };
}
