import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const gateway = process.env["GATEWAY_URL"] ?? "http://127.0.0.1:4000";
const proxy = { "/graphql": { target: gateway, ws: true }, "/shop/dev-token": gateway };

export default defineConfig({
  base: "/shop/",
  plugins: [react()],
  // A strict content security policy allows no data: scripts and no inline styles.
  build: { target: "es2023", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { port: 5173, proxy },
  preview: { port: 5175, proxy },
});
