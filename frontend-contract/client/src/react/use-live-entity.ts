import { useCallback, useMemo, useSyncExternalStore } from "react";

import type { KeyedEntities, LiveEntity } from "../live/keyed-entities.ts";
import type { LinkView } from "../live/link.ts";
import { useShop } from "./shop.tsx";

/** The connection of the page. */
export function useLiveConnection(): LinkView {
  const { live } = useShop().client;
  return useSyncExternalStore(live.watch, () => live.view);
}

/** The live entity of one key of a keyed subscription field. All hooks of a page share socket and subscriptions. */
export function useLiveEntity<Entity>(entities: KeyedEntities<Entity>, key: string): LiveEntity<Entity> {
  const watch = useCallback((listener: () => void) => entities.watch([key], listener), [entities, key]);
  return useSyncExternalStore(watch, () => entities.read(key));
}

/** The live entities of many keys; the map is the same until one of them changes. */
export function useLiveEntities<Entity>(
  entities: KeyedEntities<Entity>,
  keys: readonly string[],
): ReadonlyMap<string, LiveEntity<Entity>> {
  const text = JSON.stringify(keys);
  const view = useMemo(() => viewEntities(entities, JSON.parse(text) as string[]), [entities, text]);
  return useSyncExternalStore(view.watch, view.read);
}

function viewEntities<Entity>(entities: KeyedEntities<Entity>, keys: readonly string[]) {
  let shown: ReadonlyMap<string, LiveEntity<Entity>> = new Map();
  return {
    watch: (listener: () => void) => entities.watch(keys, listener),
    read: () => {
      const next = new Map(keys.map((key) => [key, entities.read(key)]));
      const same = next.size === shown.size && [...next].every(([key, entity]) => shown.get(key) === entity);
      if (!same) shown = next;
      return shown;
    },
  };
}
