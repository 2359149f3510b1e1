import type { TypedDocumentString } from "../generated/graphql.ts";
import type { GraphqlClient } from "../transport/client.ts";
import type { GraphqlError } from "../transport/errors.ts";
import type { EntityField } from "./keyed-entities.ts";

/** The documents of a keyed field, and how to read them. */
export interface EntityFieldOperations<Entity, Subscribed, Queried, Variables extends Record<string, unknown>> {
  readonly subscription: TypedDocumentString<Subscribed, Variables>;
  readonly variables: (keys: readonly string[]) => Variables;
  /** The entity of one event. */
  readonly entity: (data: Subscribed) => Entity;
  /** The query that gives the same entities once. */
  readonly query?: TypedDocumentString<Queried, Variables>;
  readonly entities?: (data: Queried) => readonly Entity[] | null | undefined;
  readonly keyOf: (entity: Entity) => string;
  readonly revisionOf: (entity: Entity) => number;
}

interface Event<Subscribed> {
  readonly data?: Subscribed | null;
  readonly errors?: readonly GraphqlError[];
  /** Of errors alone: the stream goes on, perhaps without a value of the key. */
  readonly extensions?: { readonly live?: { readonly key?: string } };
}

/** A keyed subscription field of the gateway. */
export function gatewayField<Entity, Subscribed, Queried, Variables extends Record<string, unknown>>(
  client: Pick<GraphqlClient, "send" | "live">,
  operations: EntityFieldOperations<Entity, Subscribed, Queried, Variables>,
): EntityField<Entity> {
  const { subscription, variables, entity, query, entities, keyOf, revisionOf } = operations;
  return {
    keyOf,
    revisionOf,
    subscribe: (keys, sink) =>
      client.live.run<Event<Subscribed>>(
        { query: subscription.toString(), variables: variables(keys) },
        {
          // Of any other event that failed nobody knows the key, so that the stream vouches for none of them any longer.
          next: ({ data, errors, extensions }) => {
            if (data) sink.next(entity(data));
            else if (extensions?.live) sink.lost(extensions.live.key, errors ?? []);
            else sink.error(errors ?? []);
          },
          error: (errors) => sink.error(errors),
          complete: () => sink.complete(),
        },
      ),
    ...(query && entities
      ? { query: async (keys) => {
            const { data } = await client.send(query, variables(keys));
            return data ? (entities(data) ?? undefined) : undefined;
          },
        }
      : {}),
  };
}
