import { ReleaseReservationDocument, ReserveStockDocument, type ReservationPartsFragment } from "../generated/graphql.ts";
import type { GraphqlClient } from "../transport/client.ts";
import type { Hold } from "./cart.ts";
import type { StockHolder } from "./cart-store.ts";

/** Holds stock through the gateway. `now` is the clock of this device, which may be wrong by any amount. */
export function gatewayStockHolder(client: Pick<GraphqlClient, "send">, now: () => number = Date.now): StockHolder {
  return {
    async reserve(sku, quantity, reference, idempotencyKey) {
      const askedAt = now();
      const { data, errors } = await client.send(ReserveStockDocument, {
        input: { lines: [{ sku, quantity }], reference },
        idempotencyKey,
      });
      const payload = data?.reserveStock;
      return { hold: holdOf(payload?.reservation, askedAt), problem: payload?.userErrors[0], errors };
    },
    async release(reservationId, idempotencyKey) {
      const askedAt = now();
      const { data, errors } = await client.send(ReleaseReservationDocument, { id: reservationId, idempotencyKey });
      const payload = data?.releaseReservation;
      return { hold: holdOf(payload?.reservation, askedAt), problem: payload?.userErrors[0], errors };
    },
  };
}

/** The service says how long a hold lasts; it is counted from the request by this device's own clock. */
function holdOf(reservation: ReservationPartsFragment | null | undefined, askedAt: number): Hold | undefined {
  if (!reservation) return undefined;
  const lastsMs = Date.parse(reservation.expiresAt) - Date.parse(reservation.createdAt);
  const quantity = reservation.lines.reduce((sum, line) => sum + line.quantity, 0);
  return { reservationId: reservation.id, quantity, expiresAt: new Date(askedAt + lastsMs).toISOString() };
}
