/** `€129.00` of an amount in minor units. */
export function formatMoney(money: { readonly amount: number; readonly currencyCode: string }): string {
  const format = new Intl.NumberFormat("en-IE", { style: "currency", currency: money.currencyCode });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(money.amount / 10 ** digits);
}
