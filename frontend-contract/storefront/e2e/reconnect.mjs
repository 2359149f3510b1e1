import { waitForBadge } from "./shop.mjs";

const FIND = `
  query Find { products(first: 20, filter: { available: true }) { nodes { handle variants { sku color badge { available } } } } }
`;
const HOLD = `
  mutation Hold($sku: String!, $key: String!) {
    reserveStock(input: { lines: [{ sku: $sku, quantity: 1 }], ttlSeconds: 10 }, idempotencyKey: $key) {
      userErrors { message }
    }
  }
`;

/** A lost connection leaves the last badges on the screen, marked, and comes back by itself with what was missed. */
export async function checkReconnect({ ask, open, picture }) {
  const { products } = await ask(FIND);
  const found = products.nodes
    .flatMap((product) => product.variants.map((variant) => ({ handle: product.handle, ...variant })))
    .find((variant) => variant.badge.available >= 3);
  if (!found) throw new Error("no variant with three pieces in the first twenty products");
  const { handle, sku, color, badge } = found;
  const page = await open();
  const sockets = new Set();
  let cut = false;
  await page.routeWebSocket(/\/graphql$/, (socket) => {
    if (cut) {
      void socket.close({ code: 1013, reason: "cut by the test" });
      return;
    }
    sockets.add(socket);
    socket.connectToServer();
  });
  await page.goto(`/shop/products/${encodeURIComponent(handle)}`);
  if (color) await page.locator(`label.swatch[title="${color}"]`).click();
  await page.locator('[data-testid="connection"][data-state="live"]').waitFor();
  await waitForBadge(page, sku, badge.available);

  cut = true;
  for (const socket of sockets) await socket.close({ code: 1012, reason: "cut by the test" });
  await page.locator(`[data-testid="badge-${sku}"][data-status="stale"]`).waitFor();
  const note = await page.getByTestId("stale-note").textContent();
  if (!/as of \d\d:\d\d:\d\d/.test(note)) throw new Error(`the page does not say since when: ${note}`);
  await picture(page, "13-connection-lost");
  await ask(HOLD, { sku, key: crypto.randomUUID() });
  cut = false;

  const began = performance.now();
  await page.locator('[data-testid="connection"][data-state="live"]').waitFor({ timeout: 20_000 });
  await waitForBadge(page, sku, badge.available - 1);
  await page.locator(`[data-testid="badge-${sku}"][data-status="live"]`).waitFor();
  await page.context().close();
  return `live again after ${Math.round(performance.now() - began)} ms, with the change that was missed`;
}
