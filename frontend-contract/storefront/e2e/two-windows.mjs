import { waitForBadge } from "./shop.mjs";

const CANDIDATES = `
  query Candidates {
    products(first: 20, filter: { available: true }) {
      nodes { handle variants { sku color badge { available state } } }
    }
  }
`;

/** Buying in one window moves the badge in the other, and giving back moves it back. */
export async function checkTwoWindows({ ask, open, picture }) {
  const { products } = await ask(CANDIDATES);
  const found = products.nodes
    .flatMap((product) => product.variants.map((variant) => ({ handle: product.handle, ...variant })))
    .find((variant) => variant.badge.available >= 3);
  if (!found) throw new Error("no variant with three pieces in the first twenty products");
  const { handle, sku, color } = found;
  const [buyer, watcher] = [await open(), await open()];
  for (const page of [buyer, watcher]) {
    await page.goto(`/shop/products/${encodeURIComponent(handle)}`);
    if (color) await page.locator(`label.swatch[title="${color}"]`).click();
    await page.getByTestId(`badge-${sku}`).waitFor();
    await page.locator('[data-testid="connection"][data-state="live"]').waitFor();
  }
  // What the live stream said first, not what the page was drawn with.
  await watcher.waitForTimeout(300);
  const before = Number(await watcher.getByTestId(`badge-${sku}`).getAttribute("data-available"));
  await picture(watcher, "1-watcher-before");

  await buyer.locator(`input[name="size"][value="${sku}"]`).check({ force: true });
  await buyer.getByTestId("add-to-cart").click();
  const movedMs = await waitForBadge(watcher, sku, before - 1);
  await buyer.getByTestId(`hold-${sku}`).waitFor();
  await buyer.waitForTimeout(250);
  await picture(buyer, "2-buyer-cart");
  await picture(watcher, "3-watcher-after");

  await buyer.getByTestId(`remove-${sku}`).click();
  const backMs = await waitForBadge(watcher, sku, before);
  await buyer.context().close();
  await watcher.context().close();
  return `${sku} ${before} → ${before - 1} after ${Math.round(movedMs)} ms of the click, back after ${Math.round(backMs)} ms`;
}
