/** US dollars: cents from one cent up, three significant digits below; `unknown` for null, which is not zero. */
export function dollars(amount: number | null): string {
  if (amount === null) return 'unknown'
  if (amount === 0 || amount >= 0.01) {
    return amount.toLocaleString('en-US', { style: 'currency', currency: 'USD' })
  }
  return amount < 0.000001 ? 'under $0.000001' : `$${Number(amount.toPrecision(3)).toFixed(9).replace(/0+$/, '')}`
}
