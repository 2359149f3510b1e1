import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{operations,client,storefront,playground,mobile}/**/*.test.{ts,tsx}"],
    environment: "node",
    // A busy machine is no failure; whatever waits for something says itself what did not come.
    testTimeout: 60_000,
    // Else its server takes another copy of graphql than the tests, and does not know their errors as such.
    server: { deps: { inline: ["graphql-ws"] } },
    fakeTimers: { toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"] },
  },
});
