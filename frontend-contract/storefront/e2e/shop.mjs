/** Opens a window with a profile of its own; errors of its scripts are gathered in `problems`. */
export async function openShop(browser, base, problems, { width = 1360, height = 900 } = {}) {
  const profile = await browser.newContext({ viewport: { width, height }, baseURL: base, reducedMotion: "reduce" });
  const page = await profile.newPage();
  page.setDefaultTimeout(15_000);
  page.on("pageerror", (error) => problems.push(`${page.url()}: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" && /content security policy/i.test(message.text())) problems.push(message.text());
  });
  return page;
}

/** Asks the graph directly. */
export async function ask(base, query, variables = {}, headers = {}) {
  const response = await fetch(`${base}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(`the graph answered: ${errors.map((error) => error.message).join("; ")}`);
  return data;
}

/** Holds one piece of a SKU, for longer than a run takes. */
export const HOLD = `
  mutation Hold($sku: String!, $key: String!) {
    reserveStock(input: { lines: [{ sku: $sku, quantity: 1 }], ttlSeconds: 600 }, idempotencyKey: $key) {
      userErrors { message }
    }
  }
`;

const PIECES = `
  query Pieces { products(first: 20, filter: { available: true }) { nodes { handle variants { sku color badge { available } } } } }
`;

/** A variant of which at least three pieces are there. */
export async function findPieces(ask) {
  const { products } = await ask(PIECES);
  const found = products.nodes
    .flatMap(({ handle, variants }) => variants.map(({ sku, color, badge }) => ({ handle, sku, color, available: badge.available })))
    .find(({ available }) => available >= 3);
  if (!found) throw new Error("no variant with three pieces in the first twenty products");
  return found;
}

/** Opens the page of a variant and waits until its badge is live. */
export async function openProduct(page, { handle, sku, color }) {
  await page.goto(`/shop/products/${encodeURIComponent(handle)}`);
  if (color) await page.locator(`label.swatch[title="${color}"]`).click();
  await page.locator(`[data-testid="badge-${sku}"][data-status="live"]`).waitFor();
}

/** Waits until a check of the page's own data holds, and returns how many milliseconds it took. */
export async function waitForBadge(page, sku, holds, limitMs = 10_000) {
  const began = performance.now();
  await page.waitForFunction(
    ([id, wanted]) => {
      const badge = document.querySelector(`[data-testid="badge-${CSS.escape(id)}"]`);
      return badge !== null && Number(badge.dataset.available) === wanted;
    },
    [sku, holds],
    { timeout: limitMs, polling: 20 },
  );
  return performance.now() - began;
}
