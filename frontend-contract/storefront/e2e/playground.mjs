const FIND = `
  query Find { products(first: 1, filter: { available: true }) { nodes { variants { sku badge { available revision } } } } }
`;
const HOLD = `
  mutation Hold($sku: String!, $key: String!) {
    reserveStock(input: { lines: [{ sku: $sku, quantity: 1 }], ttlSeconds: 10 }, idempotencyKey: $key) {
      userErrors { message }
    }
  }
`;

/** Waits until the answer that the playground shows holds a text; spaces do not count. */
async function waitForAnswer(page, text) {
  const read = (wanted) => {
    const shown = (document.querySelector(".graphiql-response")?.textContent ?? "").replaceAll(/\s/g, "");
    return wanted === undefined ? shown : shown.includes(wanted);
  };
  try {
    await page.waitForFunction(read, text.replaceAll(/\s/g, ""));
  } catch {
    throw new Error(`the answer never held ${text}; it is ${(await page.evaluate(read)).slice(0, 300)}`);
  }
}

/** Presses play once the editor holds the operation and has parsed it, which it does a moment later. */
async function run(page, operation) {
  await page.locator(".graphiql-query-editor .view-lines", { hasText: operation }).waitFor();
  await page.waitForTimeout(500);
  await page.locator(".graphiql-execute-button").click();
}

/** The playground opens with its example tabs, answers a query over all subgraphs, and shows live stock, by a subscription and by a query. */
export async function checkPlayground({ ask, open, picture }) {
  const page = await open();
  await page.goto("/");
  await page.getByRole("tab", { name: /ThreeSubgraphs/ }).waitFor();
  await run(page, "ThreeSubgraphs");
  await waitForAnswer(page, '"similar"');
  await picture(page, "11-playground-query");

  const { products } = await ask(FIND);
  const [{ sku, badge }] = products.nodes[0].variants.filter((variant) => variant.badge.available > 0);
  await page.getByRole("tab", { name: /LiveStock/ }).click();
  await run(page, "LiveStock");
  await waitForAnswer(page, '"stockBadges"');
  await page.waitForTimeout(500);
  await ask(HOLD, { sku, key: crypto.randomUUID() });
  // The editor does not keep its lines in order, so each line is looked for by itself.
  await waitForAnswer(page, `"sku":"${sku}"`);
  await waitForAnswer(page, `"available":${badge.available - 1},`);
  await picture(page, "12-playground-subscription");

  await page.getByRole("tab", { name: /LivePage/ }).click();
  await run(page, "LivePage");
  await waitForAnswer(page, '"totalAvailable"');
  await waitForAnswer(page, `"available":${badge.available - 1},`);
  await ask(HOLD, { sku, key: crypto.randomUUID() });
  await waitForAnswer(page, `"available":${badge.available - 2},`);
  await picture(page, "13-playground-live-query");
  await page.context().close();
  return `a query over all three subgraphs; ${sku} moved to ${badge.available - 1} in the subscription and to ${badge.available - 2} in the live query`;
}
