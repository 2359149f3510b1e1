/** Wait before attempt number `attempt` (0 is the first): exponential, capped, between half and all of it. */
export function backOffMs(attempt: number, firstMs = 500, maxMs = 30_000, random: () => number = Math.random): number {
  const full = Math.min(maxMs, firstMs * 2 ** Math.min(attempt, 16));
  return full / 2 + (full / 2) * random();
}
