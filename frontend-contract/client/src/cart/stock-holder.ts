import { ReleaseReservationDocument, ReserveStockDocument, type ReservationPartsFragment } from "../generated/graphql.ts";
import type { GraphqlClient } from "../transport/client.ts";
import type { Hold } from "./cart.ts";
import type { StockHolder } from "./cart-store.ts";

/** Holds stock through the gateway. */
export function gatewayStockHolder(client: GraphqlClient): StockHolder {
  return {
    async reserve(sku, quantity, reference, idempotencyKey) {
      const { data, errors } = await client.send(ReserveStockDocument, {
        input: { lines: [{ sku, quantity }], reference },
        idempotencyKey,
      });
      const payload = data?.reserveStock;
      return { hold: holdOf(payload?.reservation), problem: payload?.userErrors[0], errors };
    },
    async release(reservationId, idempotencyKey) {
      const { data, errors } = await client.send(ReleaseReservationDocument, { id: reservationId, idempotencyKey });
      const payload = data?.releaseReservation;
      return { hold: holdOf(payload?.reservation), problem: payload?.userErrors[0], errors };
    },
  };
}

function holdOf(reservation: ReservationPartsFragment | null | undefined): Hold | undefined {
  if (!reservation) return undefined;
  const quantity = reservation.lines.reduce((sum, line) => sum + line.quantity, 0);
  return { reservationId: reservation.id, quantity, expiresAt: reservation.expiresAt };
}
