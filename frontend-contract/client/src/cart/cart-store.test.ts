import { beforeEach, describe, expect, it } from "vitest";

import { cartQuantity, formatCountdown, heldQuantity, lapsedQuantity, remainingMs, subtotal, type CartItem } from "./cart.ts";
import { CartStore, type HoldAnswer, type StockHolder } from "./cart-store.ts";
import { networkError } from "../transport/errors.ts";

const shirt: CartItem = {
  sku: "shirt-m", productId: "p1", handle: "shirt", title: "Shirt", vendor: "V", category: "Shirts", size: "M",
  color: "Navy", imageUrl: null, unitPrice: { amount: 5_900, currencyCode: "EUR" },
};
const START = Date.parse("2026-11-20T10:00:00Z");

let now: number;
let stock: number;
let calls: { kind: string; key: string }[];
let answerOnce: HoldAnswer | undefined;
let storage: Map<string, string>;
let ids: number;

const holder: StockHolder = {
  reserve(_sku, quantity, _reference, key) {
    calls.push({ kind: "reserve", key });
    const forced = answerOnce;
    answerOnce = undefined;
    if (forced) return Promise.resolve(forced);
    if (stock < quantity) {
      return Promise.resolve({ hold: undefined, problem: { code: "INSUFFICIENT_STOCK", message: "none" }, errors: [] });
    }
    stock -= quantity;
    const hold = { reservationId: `r${calls.length}`, quantity, expiresAt: new Date(now + 900_000).toISOString() };
    return Promise.resolve({ hold, problem: undefined, errors: [] });
  },
  release(reservationId, key) {
    calls.push({ kind: `release ${reservationId}`, key });
    const forced = answerOnce;
    answerOnce = undefined;
    if (forced) return Promise.resolve(forced);
    stock += 1;
    return Promise.resolve({ hold: { reservationId, quantity: 1, expiresAt: "" }, problem: undefined, errors: [] });
  },
};

function open(): CartStore {
  return new CartStore({
    holder,
    storage: { getItem: (key) => storage.get(key) ?? null, setItem: (key, value) => storage.set(key, value) },
    newId: () => `id-${(ids += 1)}`,
    now: () => now,
  });
}

function onlyLine(store: CartStore) {
  const [line] = store.read().lines;
  if (!line) throw new Error("the cart is empty");
  return line;
}

beforeEach(() => {
  now = START;
  stock = 3;
  calls = [];
  answerOnce = undefined;
  storage = new Map();
  ids = 0;
});

describe("adding", () => {
  it("shows the piece at once and holds it", async () => {
    const store = open();
    const added = store.add(shirt);
    expect(onlyLine(store).pending).toBe(1);
    expect(await added).toBeUndefined();
    expect(onlyLine(store).pending).toBe(0);
    expect(heldQuantity(onlyLine(store), now)).toBe(1);
    expect(stock).toBe(2);
  });

  it("takes the piece back when there is no stock", async () => {
    stock = 0;
    const store = open();
    expect((await store.add(shirt))?.code).toBe("INSUFFICIENT_STOCK");
    expect(store.read().lines).toEqual([]);
  });

  it("sends a lost request once more under the same key", async () => {
    answerOnce = { hold: undefined, problem: undefined, errors: [networkError("gone")] };
    const store = open();
    expect(await store.add(shirt)).toBeUndefined();
    expect(calls.map((call) => call.kind)).toEqual(["reserve", "reserve"]);
    expect(calls[0]?.key).toBe(calls[1]?.key);
  });

  it("uses a new key for every piece", async () => {
    const store = open();
    await store.add(shirt);
    await store.add(shirt);
    expect(calls[0]?.key).not.toBe(calls[1]?.key);
    expect(cartQuantity(store.read(), now)).toBe(2);
    expect(subtotal(store.read(), now)).toEqual({ amount: 11_800, currencyCode: "EUR" });
  });
});

describe("giving back", () => {
  it("releases every hold of a line", async () => {
    const store = open();
    await store.add(shirt);
    await store.add(shirt);
    expect(await store.remove(onlyLine(store))).toBeUndefined();
    expect(store.read().lines).toEqual([]);
    expect(stock).toBe(3);
  });

  it("keeps the line when the service does not answer", async () => {
    const store = open();
    await store.add(shirt);
    answerOnce = { hold: undefined, problem: undefined, errors: [{ message: "down", extensions: { code: "SUBGRAPH_UNAVAILABLE" } }] };
    expect((await store.remove(onlyLine(store)))?.code).toBe("SUBGRAPH_UNAVAILABLE");
    expect(heldQuantity(onlyLine(store), now)).toBe(1);
  });

  it("takes one piece away", async () => {
    const store = open();
    await store.add(shirt);
    await store.add(shirt);
    await store.takeOne(onlyLine(store));
    expect(heldQuantity(onlyLine(store), now)).toBe(1);
  });
});

describe("holds that end", () => {
  it("are counted down and then no longer count", async () => {
    const store = open();
    await store.add(shirt);
    now += 899_500;
    expect(formatCountdown(remainingMs(onlyLine(store), now) ?? 0)).toBe("0:01");
    now += 1_000;
    expect(remainingMs(onlyLine(store), now)).toBeUndefined();
    expect(cartQuantity(store.read(), now)).toBe(0);
    expect(lapsedQuantity(onlyLine(store), now)).toBe(1);
  });

  it("need no release", async () => {
    const store = open();
    await store.add(shirt);
    now += 1_000_000;
    await store.remove(onlyLine(store));
    expect(calls.map((call) => call.kind)).toEqual(["reserve"]);
    expect(store.read().lines).toEqual([]);
  });

  it("can be held again", async () => {
    const store = open();
    await store.add(shirt);
    now += 1_000_000;
    expect(await store.holdAgain(onlyLine(store))).toBeUndefined();
    expect(heldQuantity(onlyLine(store), now)).toBe(1);
    expect(lapsedQuantity(onlyLine(store), now)).toBe(0);
  });
});

describe("storage", () => {
  it("survives a reload with what was held, and without what was not", async () => {
    const store = open();
    await store.add(shirt);
    void store.add(shirt);
    const again = open();
    expect(heldQuantity(onlyLine(again), now)).toBe(1);
    expect(onlyLine(again).pending).toBe(0);
  });

  it("ignores what it cannot read", () => {
    storage.set("selvedge.cart", "{");
    expect(open().read().lines).toEqual([]);
  });
});

describe("a stored cart that cannot be read", () => {
  it.each(["{", "null", "{}", '{"reference":"r","cart":{"lines":[null]}}', '{"reference":"r","cart":{"lines":[{"item":{"sku":"a"},"pending":0}]}}'])(
    "is given up: %s",
    async (text) => {
      storage.set("selvedge.cart", text);
      const store = open();
      expect(store.read().lines).toEqual([]);
      expect(await store.add(shirt)).toBeUndefined();
      expect(open().read().lines).toHaveLength(1);
    },
  );
});
