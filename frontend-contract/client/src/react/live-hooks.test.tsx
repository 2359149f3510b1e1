// @vitest-environment happy-dom
import { cleanup, render, screen } from "@testing-library/react";
import { memo } from "react";
import { afterEach, beforeEach, expect, it } from "vitest";
import { WebSocket } from "ws";

import { LiveServer, until } from "../../test/live-server.ts";
import { TestPage } from "../../test/page.ts";
import { TypedDocumentString } from "../generated/graphql.ts";
import { createShop, ShopProvider, type Shop } from "./shop.tsx";
import { useLiveConnection } from "./use-live-entity.ts";
import { useLiveQuery } from "./use-live-query.ts";
import { useStockBadge, useStockBadges } from "./use-stock-badge.ts";

let server: LiveServer;
let page: TestPage;
let shop: Shop;

beforeEach(async () => {
  server = new LiveServer();
  page = new TestPage();
  await server.start();
  for (const [sku, available] of [["a", 9], ["b", 4], ["c", 3]] as const) server.setStock(sku, available);
  const times = { firstRetryMs: 20, maxRetryMs: 60, spreadMs: 20, idleMs: 30 };
  shop = createShop({
    url: "http://127.0.0.1:9/graphql",
    socketUrl: server.url,
    socket: { webSocket: WebSocket, page, times },
    fetch: () => Promise.reject(new Error("not asked")),
  });
});

afterEach(async () => {
  cleanup();
  shop.client.live.dispose();
  await server.stop();
});

const shows = (text: string) => until(() => screen.queryByText(text) !== null, () => document.body.textContent);

function One({ sku }: { readonly sku: string }) {
  const { badge, status, staleSince } = useStockBadge(sku);
  return <output>{`${sku} ${badge?.available ?? "?"} ${status}${staleSince === undefined ? "" : " since"}`}</output>;
}

function Many({ skus }: { readonly skus: readonly string[] }) {
  const badges = useStockBadges(skus);
  return <output>{skus.map((sku) => `${badges.get(sku)?.badge?.available ?? "?"}`).join()}</output>;
}

function Connection() {
  return <output>{`connection ${useLiveConnection().state}`}</output>;
}

it("shares one socket and one subscription between all badges of a page, and follows them", async () => {
  const { rerender } = render(
    <ShopProvider shop={shop}>
      <One sku="a" />
      <One sku="b" />
      <Many skus={["a", "c"]} />
      <Connection />
    </ShopProvider>,
  );
  expect(screen.getByText("a ? connecting")).toBeTruthy();
  await shows("a 9 live");
  await shows("9,3");
  await shows("connection live");
  expect(server.log).toEqual(["init", "subscribe a,b,c"]);

  server.setStock("a", 8);
  await shows("a 8 live");
  await shows("8,3");

  page.tell("offline");
  await shows("a 8 offline since");
  rerender(<ShopProvider shop={shop}>{null}</ShopProvider>);
  expect(document.body.textContent).toBe("");
});

it("follows another SKU when it is given one", async () => {
  const { rerender } = render(<ShopProvider shop={shop}><One sku="a" /></ShopProvider>);
  await shows("a 9 live");
  rerender(<ShopProvider shop={shop}><One sku="b" /></ShopProvider>);
  await shows("b 4 live");
});

it("renders only what a live query has changed", async () => {
  interface Data {
    readonly items: readonly { readonly id: string; readonly left: number }[];
  }
  const rendered: string[] = [];
  const Item = memo(function Item({ item }: { readonly item: Data["items"][number] }) {
    rendered.push(`${item.id} ${item.left}`);
    return <li>{`${item.id} ${item.left}`}</li>;
  });
  function List() {
    // Made in place on purpose: the text counts, not the object.
    const document = new TypedDocumentString<Data, Record<string, never>>("query Items @live(patch: true) { items { id left } }");
    const { data, status } = useLiveQuery(document, {});
    return (
      <ul aria-label={status}>
        {data?.items.map((item) => <Item key={item.id} item={item} />)}
      </ul>
    );
  }
  render(<ShopProvider shop={shop}><List /></ShopProvider>);
  await until(() => server.open.length === 1);
  server.open[0]?.send({ data: { items: [{ id: "x", left: 1 }, { id: "y", left: 2 }] }, revision: 1 });
  await shows("y 2");
  server.open[0]?.send({ patch: [{ op: "replace", path: "/items/1/left", value: 5 }], revision: 2 });
  await shows("y 5");
  expect(rendered).toEqual(["x 1", "y 2", "y 5"]);
  expect(screen.getByRole("list", { name: "live" })).toBeTruthy();
  expect(server.operations).toHaveLength(1);
});
