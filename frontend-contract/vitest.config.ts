import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{operations,client,storefront,playground,mobile}/**/*.test.{ts,tsx}"],
    environment: "node",
    fakeTimers: { toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"] },
  },
});
