import { useCallback, useSyncExternalStore } from "react";

import type { TypedDocumentString } from "../generated/graphql.ts";
import type { LiveQueryState } from "../live/live-query.ts";
import { useShop } from "./shop.tsx";

const PAUSED: LiveQueryState<never> = {
  data: undefined,
  errors: [],
  status: "connecting",
  updatedAt: undefined,
  staleSince: undefined,
  error: undefined,
};
const nothingToStop = () => () => undefined;

/**
 * Runs `query … @live` over the shared socket and follows it. Parts of the data that a change leaves alone stay the
 * same objects. `pause` holds it back.
 */
export function useLiveQuery<Data, Variables extends Record<string, unknown>>(
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
  pause = false,
): LiveQueryState<Data> {
  const { liveQueries } = useShop();
  const text = document.toString();
  const key = JSON.stringify(variables);
  const watch = useCallback(
    (listener: () => void) => liveQueries.watch(document, JSON.parse(key) as Variables, listener),
    // A document made in place is another object each time, but the same text.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [liveQueries, text, key],
  );
  const read = useCallback(
    () => liveQueries.read(document, JSON.parse(key) as Variables),
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [liveQueries, text, key],
  );
  const state = useSyncExternalStore(pause ? nothingToStop : watch, read);
  return pause ? PAUSED : state;
}
