import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const gateway = "http://127.0.0.1:4000";

export default defineConfig({
  base: "/",
  plugins: [react()],
  worker: { format: "es" },
  build: {
    target: "es2023",
    assetsDir: "playground-assets",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The editor is one large chunk by nature; it is loaded once and cached for ever by its name.
    chunkSizeWarningLimit: 6_000,
  },
  server: {
    port: 5174,
    proxy: { "/graphql": { target: gateway, ws: true }, "/shop/dev-token": gateway },
  },
});
