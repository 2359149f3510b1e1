// @vitest-environment happy-dom
import { act, cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";

import type { Sink } from "../transport/socket.ts";
import { BadgeStore, type StockBadge } from "../stock/badge-store.ts";
import { ShopProvider, type Shop } from "./shop.tsx";
import { useStockBadge, useStockBadges } from "./use-stock-badges.ts";

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

function One({ sku }: { readonly sku: string }) {
  const { badge, stale } = useStockBadge(sku);
  return <output>{`${sku} ${badge?.available ?? "?"}${stale ? " stale" : ""}`}</output>;
}

function Many({ skus }: { readonly skus: readonly string[] }) {
  const { badges } = useStockBadges(skus);
  return <output>{skus.map((sku) => badges.get(sku)?.available ?? "?").join(",")}</output>;
}

it("shares one subscription between all hooks of a page and follows it", () => {
  vi.useFakeTimers();
  const opened: { skus: readonly string[]; sink: Sink<StockBadge> }[] = [];
  let move: (state: "offline") => void = () => undefined;
  const badges = new BadgeStore({
    subscribe: (skus, sink) => {
      opened.push({ skus, sink });
      return () => undefined;
    },
    query: () => Promise.resolve([]),
    onState: (listener) => {
      move = listener;
      return () => undefined;
    },
  });
  render(
    <ShopProvider shop={{ badges } as unknown as Shop}>
      <One sku="a" />
      <One sku="b" />
      <Many skus={["a", "c"]} />
    </ShopProvider>,
  );
  act(() => void vi.advanceTimersByTime(100));
  expect(opened.map((stream) => stream.skus)).toEqual([["a", "b", "c"]]);

  act(() => {
    opened[0]?.sink.next({ sku: "a", available: 4, state: "LOW_STOCK", revision: 2, expectedAt: null });
    vi.advanceTimersByTime(100);
  });
  expect(screen.getByText("a 4")).toBeTruthy();
  expect(screen.getByText("4,?")).toBeTruthy();

  act(() => move("offline"));
  expect(screen.getByText("a 4 stale")).toBeTruthy();
});
