/** The playground opens with its example tabs, answers a query over all subgraphs, and shows live stock. */
export async function checkPlayground({ open, picture }) {
  const page = await open();
  await page.goto("/");
  await page.locator(".graphiql-container").waitFor();
  await page.getByRole("tab", { name: /ThreeSubgraphs/ }).waitFor();
  await page.locator(".graphiql-execute-button").click();
  await page.waitForFunction(() => /"similar"/.test(document.querySelector(".result-window, .graphiql-response")?.textContent ?? ""));
  await picture(page, "11-playground");
  await page.context().close();
  return "a query over all three subgraphs";
}
