import { findPieces, openProduct, waitForBadge } from "./shop.mjs";

/** Buying in one window moves the badge in the other, and giving back moves it back. */
export async function checkTwoWindows({ ask, open, picture }) {
  const { handle, sku, color } = await findPieces(ask);
  const [buyer, watcher] = [await open(), await open()];
  for (const page of [buyer, watcher]) await openProduct(page, { handle, sku, color });
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
