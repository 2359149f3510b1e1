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
export async function ask(base, query, variables = {}) {
  const response = await fetch(`${base}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(`the graph answered: ${errors.map((error) => error.message).join("; ")}`);
  return data;
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
