import { findPieces, HOLD, openProduct, waitForBadge } from "./shop.mjs";

/** The sockets of a page, whose messages can be held up, and which can die without a word. */
async function routeSockets(page) {
  const state = { asleep: false, held: [], dead: new Set(), open: new Set() };
  await page.routeWebSocket(/\/graphql$/, (socket) => {
    const server = socket.connectToServer();
    state.open.add(socket);
    socket.onMessage((message) => !state.dead.has(socket) && server.send(message));
    server.onMessage((message) => {
      if (state.dead.has(socket)) return;
      if (state.asleep) state.held.push(() => socket.send(message));
      else socket.send(message);
    });
  });
  return {
    sleep: () => (state.asleep = true),
    wake: () => {
      state.asleep = false;
      for (const deliver of state.held.splice(0)) deliver();
    },
    die: () => state.open.forEach((socket) => state.dead.add(socket)),
  };
}

/** A page that slept for an hour while stock moved doubts what it shows, and is right at once, whether or not its connection has survived. */
export async function checkSleep({ ask, open, picture }) {
  const { handle, sku, color, available } = await findPieces(ask);
  const page = await open();
  const sockets = await routeSockets(page);
  await page.clock.install();
  await openProduct(page, { handle, sku, color });
  const status = (wanted) => page.locator(`[data-testid="badge-${sku}"][data-status="${wanted}"]`).waitFor();
  // Like a lid that is closed and opened: time has passed, and each timer that was due fires once.
  const sleepAnHour = async () => {
    await page.clock.fastForward("01:00:00");
    await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  };
  const took = [];
  for (const survives of [true, false]) {
    sockets.sleep();
    if (!survives) sockets.die();
    await ask(HOLD, { sku, key: crypto.randomUUID() });
    await sleepAnHour();
    await status("stale");
    if (!survives) await picture(page, "18-just-awake");
    const began = performance.now();
    sockets.wake();
    await waitForBadge(page, sku, available - (survives ? 1 : 2));
    await status("live");
    took.push(Math.round(performance.now() - began));
  }
  await page.context().close();
  return `right ${took[0]} ms after waking with its connection, ${took[1]} ms after with a dead one`;
}
