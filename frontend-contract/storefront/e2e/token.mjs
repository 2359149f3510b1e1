import { findPieces, HOLD, openProduct, waitForBadge } from "./shop.mjs";

/** Development tokens last for twelve hours. */
const SHORTLY_BEFORE_THE_END = "11:59:45";

/** A token that is about to end is exchanged over the open connection; another person gets a connection of its own. */
export async function checkToken({ ask, open }) {
  const { handle, sku, color, available } = await findPieces(ask);
  const page = await open();
  let connections = 0;
  const renewals = [];
  await page.routeWebSocket(/\/graphql$/, (socket) => {
    const server = socket.connectToServer();
    connections += 1;
    server.onMessage((text) => {
      const message = JSON.parse(text);
      if (message.type === "pong" && message.payload) renewals.push(message.payload.expiresAt);
      socket.send(text);
    });
  });
  await page.clock.install();
  await page.goto("/shop/");
  await page.getByTestId("account").click();
  await page.getByRole("button", { name: /Ada/ }).click();
  await page.getByText("Signed in as Ada").waitFor();
  await openProduct(page, { handle, sku, color });
  const before = connections;

  await page.clock.fastForward(SHORTLY_BEFORE_THE_END);
  const began = performance.now();
  while (renewals.length === 0 && performance.now() - began < 15_000) await page.waitForTimeout(100);
  if (!(Date.parse(renewals[0]) > Date.now())) throw new Error(`the gateway told no end of the new token: ${renewals}`);
  await ask(HOLD, { sku, key: crypto.randomUUID() });
  await waitForBadge(page, sku, available - 1);
  if (connections !== before) throw new Error(`the token cost ${connections - before} new connections`);

  await page.getByTestId("account").click();
  await page.getByRole("button", { name: /Bruno/ }).click();
  await page.getByText("Signed in as Bruno").waitFor();
  await page.locator(`[data-testid="badge-${sku}"][data-status="live"]`).waitFor();
  if (connections !== before + 1) throw new Error(`another person took ${connections - before} new connections`);
  await page.context().close();
  return `the new token ends at ${renewals[0]}; another person has another connection`;
}
