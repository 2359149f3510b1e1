import type { TypedDocumentString } from "../generated/graphql.ts";
import type { Link } from "./link.ts";
import { LiveQuery, NOTHING_YET, type LiveQueryPorts, type LiveQueryState } from "./live-query.ts";

/** Options of [`LiveQueries`]. */
export interface LiveQueriesOptions {
  readonly now?: () => number;
  /** Data that has not come live by then is asked for once over HTTP. */
  readonly fallbackMs?: number;
}

/** Live queries by document and variables: those who watch the same one share it. */
export class LiveQueries {
  readonly #ports: LiveQueryPorts;
  readonly #queries = new Map<string, LiveQuery>();

  constructor(link: Link, once: LiveQueryPorts["once"], options: LiveQueriesOptions = {}) {
    this.#ports = {
      link,
      once,
      now: options.now ?? (() => Date.now()),
      fallbackMs: options.fallbackMs ?? 3_000,
    };
  }

  /** Runs a query with `@live` while it is watched, and calls back at every change; returns how to stop. */
  watch<Data, Variables extends Record<string, unknown>>(
    document: TypedDocumentString<Data, Variables>,
    variables: Variables,
    listener: () => void,
  ): () => void {
    const key = keyOf(document, variables);
    const query = this.#queries.get(key) ?? new LiveQuery(this.#ports, { query: document.toString(), variables });
    this.#queries.set(key, query);
    return query.watch(listener);
  }

  /** What can be shown of a query; the same object until it changes. */
  read<Data, Variables>(document: TypedDocumentString<Data, Variables>, variables: Variables): LiveQueryState<Data> {
    const query = this.#queries.get(keyOf(document, variables));
    return query ? (query.read() as LiveQueryState<Data>) : NOTHING_YET;
  }

  /** Forgets all data, as when another person signs in; what is on the screen is asked for anew. */
  reset(): void {
    for (const [key, query] of this.#queries) {
      if (query.watched) query.reset();
      else this.#queries.delete(key);
    }
  }
}

function keyOf(document: { toString(): string }, variables: unknown): string {
  return `${document.toString()} ${JSON.stringify(variables)}`;
}
