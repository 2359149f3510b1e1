import { describe, expect, it } from "vitest";

import type { GraphqlClient } from "../transport/client.ts";
import { gatewayStockHolder } from "./stock-holder.ts";

const reservation = {
  id: "r1",
  status: "ACTIVE",
  createdAt: "2026-11-20T12:00:00Z",
  expiresAt: "2026-11-20T12:15:00Z",
  lines: [{ quantity: 2, variant: { sku: "a" } }],
};
const client = {
  send: () => Promise.resolve({ data: { reserveStock: { reservation, userErrors: [] } }, errors: [] }),
} as unknown as Pick<GraphqlClient, "send">;

describe("gatewayStockHolder", () => {
  it.each(["2026-11-20T11:40:00.000Z", "2026-11-20T12:00:00.000Z", "2026-11-20T13:00:00.000Z"])(
    "holds for the time that the service says on a device whose clock says %s",
    async (deviceTime) => {
      const holder = gatewayStockHolder(client, () => Date.parse(deviceTime));
      const { hold } = await holder.reserve("a", 2, "cart", "key");
      expect(hold).toMatchObject({ reservationId: "r1", quantity: 2 });
      expect(Date.parse(hold?.expiresAt ?? "") - Date.parse(deviceTime)).toBe(15 * 60_000);
    },
  );
});
