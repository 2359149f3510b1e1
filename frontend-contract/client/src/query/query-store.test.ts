import { describe, expect, it, vi } from "vitest";

import { MeDocument, ProductPageDocument, type ProductPageQuery } from "../generated/graphql.ts";
import type { GraphqlResult } from "../transport/errors.ts";
import { QueryStore } from "./query-store.ts";

const VARIABLES = { handle: "shirt" };
const nothing: GraphqlResult<ProductPageQuery> = { data: { product: null }, errors: [] };
const failure: GraphqlResult<never> = { data: undefined, errors: [{ message: "down", extensions: { serviceName: "inventory" } }] };

function storeThatGets(...answers: GraphqlResult<unknown>[]) {
  const send = vi.fn(() => Promise.resolve(answers.shift() ?? nothing));
  return { send, store: new QueryStore({ send: send as never }, 15_000, () => 1_000) };
}

describe("QueryStore", () => {
  it("asks once for two watchers", async () => {
    const { send, store } = storeThatGets(nothing);
    store.watch(ProductPageDocument, VARIABLES, vi.fn());
    await vi.waitFor(() => expect(store.read(ProductPageDocument, VARIABLES).fetching).toBe(false), 10_000);
    store.watch(ProductPageDocument, { handle: "shirt" }, vi.fn());
    expect(send).toHaveBeenCalledTimes(1);
  });

  it("keeps the last good data when an answer fails", async () => {
    const { store } = storeThatGets(nothing, failure);
    await store.refresh(ProductPageDocument, VARIABLES);
    await store.refresh(ProductPageDocument, VARIABLES);
    const state = store.read(ProductPageDocument, VARIABLES);
    expect(state.data).toEqual({ product: null });
    expect(state.errors).toHaveLength(1);
  });

  it("tries again what failed and is on the screen", async () => {
    const { send, store } = storeThatGets(failure, nothing);
    store.watch(ProductPageDocument, VARIABLES, vi.fn());
    await vi.waitFor(() => expect(store.read(ProductPageDocument, VARIABLES).errors).toHaveLength(1), 10_000);
    store.retryFailed();
    await vi.waitFor(() => expect(store.read(ProductPageDocument, VARIABLES).errors).toHaveLength(0), 10_000);
    expect(send).toHaveBeenCalledTimes(2);
  });

  it("throws an answer away that was asked for before a reset", async () => {
    let answer: (result: GraphqlResult<unknown>) => void = () => undefined;
    const send = vi.fn(() => new Promise((resolve) => (answer = resolve as never)));
    const store = new QueryStore({ send: send as never });
    store.watch(MeDocument, {}, vi.fn());
    const before = answer;
    store.reset();
    before({ data: { me: { id: "the one before" } }, errors: [] });
    await Promise.resolve();
    expect(store.read(MeDocument, {}).data).toBeUndefined();
  });
});
