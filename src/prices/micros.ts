/** Micro-dollars in a dollar. Budgets count in whole ones, so that adding up never drifts. */
const MICROS = 1_000_000

/** Whole micro-dollars, rounded up: a budget rather counts a millionth too much. */
export function microsOf(usd: number): number {
  // A cent written as 0.01 must not become 10,001 by the rounding of decimal fractions.
  return Math.ceil(Number((usd * MICROS).toFixed(3)))
}

/** A cap in whole micro-dollars, rounded down: it is never more than was said. */
export function capMicrosOf(usd: number): number {
  return Math.floor(Number((usd * MICROS).toFixed(3)))
}

/** US dollars. */
export function usdOf(micros: number): number {
  return micros / MICROS
}
