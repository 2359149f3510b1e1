import type { TypedDocumentString } from "../generated/graphql.ts";
import type { GraphqlError, GraphqlResult } from "../transport/errors.ts";

/** What is known of one query with one set of variables. */
export interface QueryState<Data> {
  readonly data: Data | undefined;
  readonly errors: readonly GraphqlError[];
  readonly fetching: boolean;
}

/** The part of a client that queries need. */
export interface QuerySender {
  send<Data, Variables>(document: TypedDocumentString<Data, Variables>, variables: Variables): Promise<GraphqlResult<Data>>;
}

interface Entry {
  state: QueryState<unknown>;
  readonly listeners: Set<() => void>;
  readonly load: () => Promise<void>;
  fetchedAt: number;
  /** Counts loads, so that an answer to an older one is thrown away. */
  generation: number;
}

const EMPTY: QueryState<never> = { data: undefined, errors: [], fetching: true };

/**
 * Remembers answers by document and variables and shows them at once while it asks again. Data that an answer with
 * errors lacks is kept from the last good answer.
 */
export class QueryStore {
  readonly #sender: QuerySender;
  readonly #entries = new Map<string, Entry>();
  readonly #freshMs: number;
  readonly #now: () => number;

  constructor(sender: QuerySender, freshMs = 15_000, now: () => number = Date.now) {
    this.#sender = sender;
    this.#freshMs = freshMs;
    this.#now = now;
  }

  /** Watches a query: loads it when it is not fresh, and calls back at every change. Returns how to stop. */
  watch<Data, Variables>(document: TypedDocumentString<Data, Variables>, variables: Variables, listener: () => void): () => void {
    const entry = this.#entry(document, variables);
    entry.listeners.add(listener);
    const failed = entry.state.errors.length > 0;
    if (entry.generation === 0 || failed || this.#now() - entry.fetchedAt > this.#freshMs) void entry.load();
    return () => entry.listeners.delete(listener);
  }

  /** The present state; the same object until it changes. */
  read<Data, Variables>(document: TypedDocumentString<Data, Variables>, variables: Variables): QueryState<Data> {
    const entry = this.#entries.get(keyOf(document, variables));
    return entry ? (entry.state as QueryState<Data>) : EMPTY;
  }

  /** Asks again for one query. */
  async refresh<Data, Variables>(document: TypedDocumentString<Data, Variables>, variables: Variables): Promise<void> {
    await this.#entry(document, variables).load();
  }

  /** Asks again for what is on the screen and failed. */
  retryFailed(): void {
    for (const entry of this.#entries.values()) {
      if (entry.listeners.size > 0 && entry.state.errors.length > 0 && !entry.state.fetching) void entry.load();
    }
  }

  /** Forgets everything, as when another person signs in; what is on the screen is loaded anew. */
  reset(): void {
    for (const [key, entry] of this.#entries) {
      entry.generation += 1;
      if (entry.listeners.size === 0) {
        this.#entries.delete(key);
        continue;
      }
      entry.state = EMPTY;
      emit(entry);
      void entry.load();
    }
  }

  #entry<Data, Variables>(document: TypedDocumentString<Data, Variables>, variables: Variables): Entry {
    const key = keyOf(document, variables);
    const known = this.#entries.get(key);
    if (known) return known;
    const entry: Entry = {
      state: EMPTY,
      listeners: new Set(),
      fetchedAt: 0,
      generation: 0,
      load: async () => {
        entry.generation += 1;
        const { generation } = entry;
        if (!entry.state.fetching) {
          entry.state = { ...entry.state, fetching: true };
          emit(entry);
        }
        const result = await this.#sender.send(document, variables);
        if (generation !== entry.generation) return;
        entry.fetchedAt = this.#now();
        entry.state = { data: result.data ?? entry.state.data, errors: result.errors, fetching: false };
        emit(entry);
      },
    };
    this.#entries.set(key, entry);
    return entry;
  }
}

function keyOf<Data, Variables>(document: TypedDocumentString<Data, Variables>, variables: Variables): string {
  return `${String(document.__meta__?.["hash"] ?? document.toString())} ${JSON.stringify(variables)}`;
}

function emit(entry: Entry): void {
  for (const listener of [...entry.listeners]) listener();
}
