// Two windows on a running shop: buying in one moves the badge in the other. Then a look at every page.
//
//   BASE_URL        the gateway, http://127.0.0.1:4000 when absent
//   SCREENSHOT_DIR  where pictures go; none are taken without it
//   CHROMIUM        the browser, /usr/bin/chromium when absent
//   STAFF_TOKEN     a token with the scope catalog:write, for the price that moves
//
// Prints one line per step and exits with 1 when a step fails.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { chromium } from "playwright-core";

import { checkLivePrice } from "./live-price.mjs";
import { openShop, ask } from "./shop.mjs";
import { checkOffline } from "./offline.mjs";
import { checkPages } from "./pages.mjs";
import { checkPlayground } from "./playground.mjs";
import { checkReconnect } from "./reconnect.mjs";
import { checkSleep } from "./sleep.mjs";
import { checkToken } from "./token.mjs";
import { checkTwoWindows } from "./two-windows.mjs";

const base = (process.env.BASE_URL ?? "http://127.0.0.1:4000").replace(/\/$/, "");
const pictures = process.env.SCREENSHOT_DIR;
if (pictures) await mkdir(pictures, { recursive: true });

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});

const problems = [];
const context = {
  base,
  ask: (query, variables, headers) => ask(base, query, variables, headers),
  open: (options) => openShop(browser, base, problems, options),
  picture: async (page, name) => {
    if (pictures) await page.screenshot({ path: join(pictures, `${name}.png`) });
  },
};

let failed = 0;
const chosen = (process.env.E2E_ONLY ?? "").split(",").filter(Boolean);
for (const check of [checkTwoWindows, checkReconnect, checkOffline, checkSleep, checkToken, checkLivePrice, checkPages, checkPlayground]) {
  if (chosen.length > 0 && !chosen.includes(check.name)) continue;
  const began = performance.now();
  try {
    const said = await check(context);
    console.log(`ok    ${check.name} (${Math.round(performance.now() - began)} ms)${said ? `: ${said}` : ""}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${check.name}: ${error.message}`);
  }
}
for (const problem of problems) console.log(`FAIL  page error: ${problem}`);
await browser.close();
process.exitCode = failed + problems.length > 0 ? 1 : 0;
