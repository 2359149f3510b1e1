import { useCallback, useSyncExternalStore } from "react";

import type { TypedDocumentString } from "../generated/graphql.ts";
import type { QueryState } from "../query/query-store.ts";
import { useShop } from "./shop.tsx";

const PAUSED: QueryState<never> = { data: undefined, errors: [], fetching: false };
const nothingToStop = () => () => undefined;

/** Loads a query and follows it: the known answer at once, a newer one when it comes. `pause` holds it back. */
export function useQuery<Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
  pause = false,
): QueryState<Data> & { readonly refresh: () => Promise<void> } {
  const { queries } = useShop();
  const key = JSON.stringify(variables);
  const watch = useCallback(
    (listener: () => void) => queries.watch(document, JSON.parse(key) as Variables, listener),
    [queries, document, key],
  );
  const read = useCallback(() => queries.read(document, JSON.parse(key) as Variables), [queries, document, key]);
  const state = useSyncExternalStore(pause ? nothingToStop : watch, read);
  const refresh = useCallback(() => queries.refresh(document, JSON.parse(key) as Variables), [queries, document, key]);
  return { ...(pause ? PAUSED : state), refresh };
}
