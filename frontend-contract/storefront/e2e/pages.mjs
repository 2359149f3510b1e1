/** Every page shows what it is for, on a desk and on a phone. */
export async function checkPages({ open, picture }) {
  const page = await open();
  await page.goto("/shop/");
  await page.getByTestId("product-card").first().waitFor();
  await picture(page, "4-catalog");
  await page.getByRole("button", { name: "Show more" }).click();
  await page.waitForFunction(() => document.querySelectorAll('[data-testid="product-card"]').length > 24);
  await page.locator(".facet-category input").first().check({ force: true });
  await page.waitForURL(/category=/);
  await page.getByTestId("product-card").first().waitFor();
  await page.waitForTimeout(300);
  await picture(page, "5-catalog-filtered");

  await page.getByTestId("product-card").first().locator("a").click();
  await page.getByTestId("add-to-cart").waitFor();
  await page.getByTestId("recommendation").first().waitFor();
  await page.evaluate(() => document.querySelector(".related")?.scrollIntoView());
  await page.waitForTimeout(200);
  await picture(page, "6-related");

  await page.goto("/shop/for-you");
  await page.getByTestId("recommendation").first().waitFor();
  await picture(page, "7-feed");

  await checkCustomer(page, picture);
  await page.context().close();

  const phone = await open({ width: 390, height: 844 });
  await phone.goto("/shop/");
  await phone.getByTestId("product-card").first().waitFor();
  await picture(phone, "9-phone-catalog");
  await phone.getByTestId("product-card").first().locator("a").click();
  await phone.getByTestId("add-to-cart").waitFor();
  await phone.evaluate(() => document.querySelector(".picker")?.scrollIntoView());
  await picture(phone, "10-phone-product");
  await phone.context().close();
  return "catalog, filters, product, feed, privacy; desk and phone";
}

/** Signs in as a demo customer, wishes, and changes consent. Needs development mode. */
async function checkCustomer(page, picture) {
  await page.goto("/shop/");
  await page.getByTestId("account").click();
  await page.getByRole("button", { name: /Ada/ }).click();
  await page.getByText("Signed in as Ada").waitFor();
  // Hearts show what an earlier run has wished as soon as the wishlist is there.
  await page.waitForLoadState("networkidle");
  const heart = page.getByTestId("product-card").first().locator(".heart");
  await heart.waitFor();
  const wished = (await heart.getAttribute("aria-pressed")) === "true";
  if (!wished) await heart.click();
  await page.locator('.heart[aria-pressed="true"]').first().waitFor();
  await page.goto("/shop/wishlist");
  await page.getByTestId("product-card").first().waitFor();
  await page.goto("/shop/privacy");
  const consent = page.getByRole("switch").first();
  await consent.waitFor();
  const was = await consent.isChecked();
  await consent.click();
  await page.waitForFunction((before) => document.querySelector('[role="switch"]').checked !== before, was);
  await picture(page, "8-privacy");
}
