import { HOLD, openProduct, waitForBadge } from "./shop.mjs";

const FIND = `
  query Find { products(first: 6, sort: FEATURED) { nodes { handle title variants { sku color badge { available } } } } }
`;
/** Without a network the shop says so and since when; with it everything is live and right again. */
export async function checkOffline({ ask, open, picture }) {
  const { products } = await ask(FIND);
  const found = products.nodes
    .flatMap((product) => product.variants.map((variant) => ({ ...product, ...variant })))
    .find((variant) => variant.badge.available >= 3);
  if (!found) throw new Error("no variant with three pieces in the first six products");
  const { handle, sku, color, variants, badge } = found;
  const sum = variants.reduce((pieces, variant) => pieces + Math.max(variant.badge.available, 0), 0);
  const [list, product] = [await open(), await open()];
  const card = list.getByTestId(`stock-${handle}`);
  const cardShows = (wanted, status) =>
    list.waitForFunction(
      ([id, pieces, state]) => {
        const place = document.querySelector(`[data-testid="stock-${CSS.escape(id)}"]`);
        return Number(place?.dataset.available) === pieces && place?.dataset.status === state;
      },
      [handle, wanted, status],
      { polling: 20 },
    );
  await list.goto("/shop/");
  await card.scrollIntoViewIfNeeded();
  await cardShows(sum, "live");
  await picture(list, "14-list-live");
  await openProduct(product, { handle, sku, color });

  await ask(HOLD, { sku, key: crypto.randomUUID() });
  await cardShows(sum - 1, "live");
  await waitForBadge(product, sku, badge.available - 1);

  for (const page of [list, product]) await page.context().setOffline(true);
  await cardShows(sum - 1, "offline");
  await product.locator(`[data-testid="badge-${sku}"][data-status="offline"]`).waitFor();
  await product.getByTestId("stale-note").waitFor();
  await ask(HOLD, { sku, key: crypto.randomUUID() });
  await product.waitForTimeout(600);
  await picture(list, "15-list-offline");
  await picture(product, "16-product-offline");
  const shown = Number(await product.getByTestId(`badge-${sku}`).getAttribute("data-available"));
  if (shown !== badge.available - 1) throw new Error(`offline the badge moved to ${shown}`);

  const began = performance.now();
  for (const page of [list, product]) await page.context().setOffline(false);
  await waitForBadge(product, sku, badge.available - 2);
  await product.locator(`[data-testid="badge-${sku}"][data-status="live"]`).waitFor();
  await cardShows(sum - 2, "live");
  const backMs = Math.round(performance.now() - began);
  await product.getByTestId("stale-note").waitFor({ state: "detached" });
  await picture(product, "17-product-back");
  for (const page of [list, product]) await page.context().close();
  return `${sku} offline at ${badge.available - 1}, back and right at ${badge.available - 2} after ${backMs} ms`;
}
