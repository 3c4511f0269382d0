import { grouped, sumKnown } from '../lib/number.ts'
/** US dollars: cents from one cent up, three significant digits below; `unknown` for null, which is not zero. */
export function dollars(amount: number | null): string {
  if (amount === null) return 'unknown'
  if (amount === 0 || amount >= 0.01) return inCents(amount)
  return amount < 0.000001 ? 'under $0.000001' : `$${Number(amount.toPrecision(3)).toFixed(9).replace(/0+$/, '')}`
}

/** Half a cent, as it is written in decimals, is rounded up. */
function inCents(amount: number): string {
  const cents = Math.round(Number(`${amount}e2`))
  return `$${grouped(Math.floor(cents / 100))}.${String(cents % 100).padStart(2, '0')}`
}

/** Digits of an amount that count; further ones come from adding up binary fractions. */
const DIGITS = 12

/** An amount without the digits that no price has: 0.00000195 in place of 0.0000019499999999999995. */
export function roundUsd(usd: number): number {
  return Number(usd.toPrecision(DIGITS))
}

/** The sum of amounts in US dollars, rounded; unknown plus anything is unknown. */
export function sumUsd(amounts: readonly (number | null)[]): number | null {
  const sum = sumKnown(amounts)
  return sum === null ? null : roundUsd(sum)
}

/** What is known of a sum, rounded; null where parts of it are unknown and nothing is known. */
export function knownUsd(usd: number, unknownParts: number): number | null {
  return unknownParts > 0 && usd === 0 ? null : roundUsd(usd)
}
