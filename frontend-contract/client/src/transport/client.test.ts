import { expect, it } from "vitest";

import { socketAddress } from "./client.ts";

it("derives the address of the socket from the page's", () => {
  expect(socketAddress("/graphql", "https://shop.example/shop/")).toBe("wss://shop.example/graphql");
  expect(socketAddress("http://127.0.0.1:4000/graphql", "http://other/")).toBe("ws://127.0.0.1:4000/graphql");
});
