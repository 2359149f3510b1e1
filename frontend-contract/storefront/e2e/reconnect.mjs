import { findPieces, HOLD, openProduct, waitForBadge } from "./shop.mjs";

/** A lost connection leaves the last badges on the screen, marked, and comes back by itself with what was missed. */
export async function checkReconnect({ ask, open, picture }) {
  const { handle, sku, color, available } = await findPieces(ask);
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
  await openProduct(page, { handle, sku, color });
  await waitForBadge(page, sku, available);

  cut = true;
  for (const socket of sockets) await socket.close({ code: 1012, reason: "cut by the test" });
  await page.locator(`[data-testid="badge-${sku}"][data-status="stale"]`).waitFor();
  const note = await page.getByTestId("stale-note").textContent();
  if (!/as of \d\d:\d\d:\d\d/.test(note)) throw new Error(`the page does not say since when: ${note}`);
  await page.waitForTimeout(100);
  await picture(page, "13-connection-lost");
  await ask(HOLD, { sku, key: crypto.randomUUID() });
  cut = false;

  const began = performance.now();
  await page.locator('[data-testid="connection"][data-state="live"]').waitFor({ timeout: 20_000 });
  await waitForBadge(page, sku, available - 1);
  await page.locator(`[data-testid="badge-${sku}"][data-status="live"]`).waitFor();
  await page.context().close();
  return `live again after ${Math.round(performance.now() - began)} ms, with the change that was missed`;
}
