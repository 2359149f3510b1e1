import {
  ProductListDocument,
  type ProductListQuery,
  type ProductFilter,
  type ProductSort,
} from "../generated/graphql.ts";
import type { GraphqlError } from "../transport/errors.ts";
import type { QuerySender } from "./query-store.ts";

/** A product of a list: its card, and the SKUs whose stock the card shows. */
export type ListedProduct = NonNullable<ProductListQuery["products"]>["nodes"][number];

/** What is known of a list of products as far as it has been paged. */
export interface ProductListState {
  readonly nodes: readonly ListedProduct[];
  readonly totalCount: number | undefined;
  readonly hasMore: boolean;
  readonly errors: readonly GraphqlError[];
  readonly fetching: boolean;
}

/** A list of products that grows page by page along its cursor. */
export class ProductList {
  readonly #sender: QuerySender;
  readonly #filter: ProductFilter;
  readonly #sort: ProductSort;
  readonly #pageSize: number;
  readonly #listeners = new Set<() => void>();
  #after: string | null = null;
  #state: ProductListState = { nodes: [], totalCount: undefined, hasMore: true, errors: [], fetching: false };

  constructor(sender: QuerySender, filter: ProductFilter, sort: ProductSort, pageSize: number) {
    this.#sender = sender;
    this.#filter = filter;
    this.#sort = sort;
    this.#pageSize = pageSize;
  }

  readonly read = (): ProductListState => this.#state;

  readonly watch = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (this.#state.nodes.length === 0 && this.#state.hasMore) void this.loadMore();
    return () => this.#listeners.delete(listener);
  };

  /** Loads the next page; does nothing while one is on its way or when there is none. */
  readonly loadMore = async (): Promise<void> => {
    if (this.#state.fetching || !this.#state.hasMore) return;
    this.#set({ ...this.#state, fetching: true });
    const result = await this.#sender.send(ProductListDocument, {
      first: this.#pageSize,
      after: this.#after,
      filter: this.#filter,
      sort: this.#sort,
    });
    const page = result.data?.products;
    if (!page) {
      this.#set({ ...this.#state, errors: result.errors, fetching: false });
      return;
    }
    const known = new Set(this.#state.nodes.map((node) => node.id));
    this.#after = page.pageInfo.endCursor;
    this.#set({
      nodes: [...this.#state.nodes, ...page.nodes.filter((node) => !known.has(node.id))],
      totalCount: page.totalCount,
      hasMore: page.pageInfo.hasNextPage,
      errors: result.errors,
      fetching: false,
    });
  };

  #set(state: ProductListState): void {
    this.#state = state;
    for (const listener of [...this.#listeners]) listener();
  }
}

/** Keeps lists by filter and sort, so that going back shows the same pages at once. */
export class ProductLists {
  readonly #sender: QuerySender;
  readonly #lists = new Map<string, ProductList>();
  readonly #most: number;

  constructor(sender: QuerySender, most = 12) {
    this.#sender = sender;
    this.#most = most;
  }

  get(filter: ProductFilter, sort: ProductSort, pageSize: number): ProductList {
    const key = JSON.stringify([filter, sort, pageSize]);
    const list = this.#lists.get(key) ?? new ProductList(this.#sender, filter, sort, pageSize);
    this.#lists.delete(key);
    this.#lists.set(key, list);
    const oldest = this.#lists.keys().next().value;
    if (this.#lists.size > this.#most && oldest !== undefined) this.#lists.delete(oldest);
    return list;
  }
}
