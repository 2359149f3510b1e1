import { describe, expect, it } from "vitest";

import { socketAddress } from "./client.ts";
import { backoffMs } from "./socket.ts";

describe("backoffMs", () => {
  it("doubles up to its limit", () => {
    const most = (retries: number) => backoffMs(retries, 500, 15_000, () => 1);
    expect([0, 1, 2, 3, 10, 1_000].map(most)).toEqual([500, 1_000, 2_000, 4_000, 15_000, 15_000]);
  });

  it("spreads clients over the second half", () => {
    expect(backoffMs(1, 500, 15_000, () => 0)).toBe(500);
    expect(backoffMs(1, 500, 15_000, () => 0.5)).toBe(750);
  });
});

describe("socketAddress", () => {
  it("follows the page", () => {
    expect(socketAddress("/graphql", "https://shop.example/shop/")).toBe("wss://shop.example/graphql");
    expect(socketAddress("http://127.0.0.1:4000/graphql", "http://other/")).toBe("ws://127.0.0.1:4000/graphql");
  });
});
