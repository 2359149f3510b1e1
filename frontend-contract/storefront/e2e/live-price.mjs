import { findPieces, openProduct } from "./shop.mjs";

const PRICE = `query Price($sku: String!) { variant(sku: $sku) { price { amount currencyCode } } }`;
const SET_PRICE = `
  mutation SetPrice($input: VariantPricesSetInput!, $key: String!) {
    variantPricesSet(input: $input, idempotencyKey: $key) { userErrors { message } }
  }
`;

/** A price that the shop changes moves on the page that shows it. Needs STAFF_TOKEN, a token with catalog:write. */
export async function checkLivePrice({ ask, open, picture }) {
  const token = process.env.STAFF_TOKEN;
  if (!token) return "NOT RUN: needs STAFF_TOKEN, a token with the scope catalog:write";
  const { handle, sku, color } = await findPieces(ask);
  const { variant } = await ask(PRICE, { sku });
  const page = await open();
  await openProduct(page, { handle, sku, color });
  await page.locator(`input[name="size"][value="${sku}"]`).check({ force: true });
  const shows = (amount) => page.locator(`[data-testid="price"][data-status="live"][data-amount="${amount}"]`).waitFor();
  await shows(variant.price.amount);

  const amount = variant.price.amount + 100;
  const began = performance.now();
  const change = { prices: [{ sku, price: amount }] };
  const { variantPricesSet } = await ask(SET_PRICE, { input: change, key: crypto.randomUUID() }, { authorization: `Bearer ${token}` });
  if (variantPricesSet.userErrors.length > 0) throw new Error(variantPricesSet.userErrors[0].message);
  await shows(amount);
  const movedMs = Math.round(performance.now() - began);
  await picture(page, "19-live-price");
  await page.context().close();
  return `${sku} ${variant.price.amount} → ${amount} on the page after ${movedMs} ms`;
}
